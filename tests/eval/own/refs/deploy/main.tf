terraform {
  backend "s3" {
    bucket = "northmoor-tfstate"
    key    = "portal/terraform.tfstate"
    region = "eu-west-2"
  }
}
resource "aws_s3_bucket" "letters" {
  bucket = "northmoor-letters"
}
variable "db_host" { default = "pgweb01" }
