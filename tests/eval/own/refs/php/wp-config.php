<?php
define( 'DB_NAME', 'museum' );
define( 'DB_USER', 'museum' );
define( 'DB_PASSWORD', 'Otter-9931' );
define( 'DB_HOST', 'mysqlweb03:3308' );
$table_prefix = 'wp_';
