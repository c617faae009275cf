"""How things are set up and run: containers, clusters, clouds, pipelines and schedulers."""

from __future__ import annotations

from scanner.extractor import Extractor
from scanner.extractors.deployment import manifests, pipelines, recipes, terraform

EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "manifest",
        "YAML of containers, clusters, CI, dbt and Ansible",
        manifests.manifest,
        endings=frozenset(("yml", "yaml")),
        most=4 << 20,
    ),
    Extractor(
        "manifest-json",
        "JSON of clouds and clusters",
        manifests.document,
        endings=frozenset(("json", "tfstate", "template")),
        patterns=("*.tfstate.backup",),
        most=16 << 20,
    ),
    Extractor("terraform", "Terraform", terraform.terraform, endings=frozenset(("tf", "hcl")), most=4 << 20),
    Extractor(
        "terraform-variables",
        "Terraform's variables",
        terraform.variables,
        endings=frozenset(("tfvars",)),
        most=4 << 20,
    ),
    Extractor(
        "dockerfile",
        "Dockerfiles",
        recipes.dockerfile,
        endings=frozenset(("dockerfile",)),
        names=frozenset(("dockerfile", "containerfile")),
        patterns=("*/dockerfile.*", "dockerfile.*"),
        most=1 << 20,
    ),
    Extractor(
        "jenkinsfile",
        "Jenkinsfiles",
        recipes.jenkinsfile,
        names=frozenset(("jenkinsfile",)),
        endings=frozenset(("jenkinsfile",)),
        patterns=("*/jenkinsfile.*",),
        most=1 << 20,
    ),
    Extractor(
        "inventory",
        "Ansible's inventories",
        recipes.inventory,
        names=frozenset(("inventory", "inventory.ini", "hosts.ini")),
        patterns=("*/inventories/*", "*/inventory/*"),
        most=4 << 20,
    ),
    Extractor("autosys", "Autosys' jobs", recipes.autosys, endings=frozenset(("jil",)), most=32 << 20),
    Extractor(
        "kettle",
        "Kettle's transformations and jobs",
        pipelines.kettle,
        endings=frozenset(("ktr", "kjb")),
        most=32 << 20,
    ),
    Extractor("talend", "Talend's jobs", pipelines.talend, endings=frozenset(("item",)), most=32 << 20),
    Extractor(
        "informatica", "Informatica's exports", pipelines.informatica, endings=frozenset(("xml",)), most=64 << 20
    ),
    Extractor(
        "schedules",
        "folders of Control-M, workflows of Oozie",
        pipelines.schedules,
        endings=frozenset(("xml",)),
        most=32 << 20,
    ),
)
