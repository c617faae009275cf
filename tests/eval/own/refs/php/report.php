<?php
$pdo = new PDO('pgsql:host=pgtax01;port=5432;dbname=ctax', 'reader', 'Otter-9931');
// $old = mysqli_connect('oldweb', 'root', 'x', 'website');
$link = mysqli_connect("mysqlweb02", "web", "Otter-9931", "permits_archive");
