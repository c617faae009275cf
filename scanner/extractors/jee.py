"""Data sources of Java application servers and what refers to them: JBoss, WildFly, Tomcat, GlassFish, WebLogic."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extractor import Extractor, Mention, NotMine, Quote
from scanner.extractors.decode import decode
from scanner.extractors.languages import MARKUP
from scanner.extractors.markup import Node, fragment, tree
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.values import Setting, mentions, rest

_REFERS = frozenset((
    "jta-data-source", "non-jta-data-source", "res-ref-name", "jndi-url", "data-source-jndi-name",
    "datasource-jndi-name",
    "lookup-name", "jdbc-resource-name", "database-jndi-name",
))  # fmt: skip
"""Elements whose text is the name of a data source that is defined elsewhere."""
_DATA_SOURCE = frozenset((
    "datasource", "xa-datasource", "local-tx-datasource", "no-tx-datasource", "xa-data-source", "data-source",
    "resource",
    "jdbc-connection-pool", "jdbc-data-source", "database", "bean", "new", "connection-factory", "session-factory",
    "persistence-unit", "realm", "store", "valve", "jdbc-system-resource", "dataSource", "managed-data-source",
))  # fmt: skip
_URL_NAMES = (
    "connection-url",
    "url",
    "jdbcurl",
    "connectionurl",
    "driverurl",
    "databaseurl",
    "jdbc-url",
    "drivername-url",
)
_NAMES = ("jndi-name", "jndiname", "global-jndi-name", "jndi-context-dn", "pool-name", "name", "id")
_PROPERTY = frozenset(("property", "connection-property", "xa-datasource-property", "set", "prop", "entry", "attribute",
                       "config-property", "res-param", "datasource-property"))  # fmt: skip
_ROOTS = frozenset((
    "persistence", "datasources", "server", "domain", "context", "jdbc-data-source", "weblogic-application", "resin",
    "web-app", "application", "hibernate-configuration", "resources", "beans", "configure", "connection-factories",
    "host",
    "glassfish-resources", "ejb-jar", "jboss-web", "jboss", "weblogic-web-app", "weblogic-ejb-jar", "openejb", "tomee",
    "blueprint", "orion-application", "data-sources", "ibm-web-bnd", "host-controller", "deployment", "cluster",
    "jdbc-store",
    "application-client", "entity-mappings", "sun-resources", "policy", "properties", "mule", "ra", "project",
    "configuration",
))  # fmt: skip


def _names(node: Node, *wanted: str) -> Iterator[Node]:
    return (n for n in (node, *node.all()) if n.name.lower() in wanted)


def xml(_path: str, content: bytes) -> Iterator[Quote]:
    """A descriptor or configuration of a Java program; NotMine where its root is none of theirs."""
    document = tree(content)
    if document.root.name.lower() not in _ROOTS:
        raise NotMine
    page = Page(decode(content), MARKUP)
    told = list(_all(document.root, 0, None, page))
    for line, text in document.comments:
        if "<" in text and (inside := fragment(text)) is not None:
            told += _all(inside, line - 1, "commented", page)
    yield from told
    yield from rest(page, told, "jee/text")
    if document.trouble:
        yield document.trouble


def _all(root: Node, before: int, status: str | None, page: Page) -> Iterator[Mention]:
    settings: list[Setting] = []
    taken: set[int] = set()
    for node in (root, *root.all()):
        if id(node) in taken:
            continue
        name = node.name.lower()
        if name in _REFERS and node.text:
            made = quoted(
                node.text,
                origin=f"jee/{name}",
                line=node.line + before,
                status=status,
                kind="reference",
                action="connects",
            )
            yield from _told(made, page, node.text)
        elif name in _DATA_SOURCE:
            found = _data_source(node, before, status)
            if found is not None:
                mention, parts = found
                taken |= {id(p) for p in parts}
                for part in parts:
                    for value in (*part.attributes.values(), part.text):
                        page.cover(part.line + before, value) if value else None
                yield mention
        elif name in ("resourcelink", "resource-link") and (target := node.get("global")):
            made = quoted(
                target,
                origin="jee/ResourceLink",
                line=node.line + before,
                status=status,
                kind="reference",
                alias=node.get("name"),
            )
            yield from _told(made, page, target)
        else:
            settings += _settings(node, before, status)
    yield from mentions(settings, "jee/property", page=page)


def _told(made: Mention | None, page: Page, text: str) -> Iterator[Mention]:
    if made is not None:
        page.cover(made.line or 0, text)
        yield made


def _data_source(node: Node, before: int, status: str | None) -> tuple[Mention, list[Node]] | None:
    """A definition: where it leads, and the name it is known by; None where no URL or server stands in it."""
    values: dict[str, tuple[str, Node]] = {}
    for key, value in node.attributes.items():
        values.setdefault(key.lower(), (value, node))
    for child in node.all():
        if (
            child.name.lower() in _DATA_SOURCE
            and child.name.lower() != "resource"
            and child.get("jndi-name", "id", "class")
        ):
            continue  # another one inside
        named, text_of = _pair(child)
        if named and text_of:
            values.setdefault(named.lower().rpartition(".")[2], (text_of, child))
    alias = next((values[n][0] for n in _NAMES if n in values), None)
    if node.get("enabled") == "false":
        status = status or "commented"
    name = next((n for n in _URL_NAMES if n in values and ":" in values[n][0]), None)
    if name is not None:
        text, at = values[name]
        driver = next(
            (
                values[n][0]
                for n in ("driver-class", "driverclassname", "driver-name", "driver", "driverclass")
                if n in values
            ),
            None,
        )
        made = quoted(text, origin=f"jee/{node.name}", line=at.line + before, status=status, alias=alias, driver=driver)
        if made is None or made.kind != "connection_string":
            return None
        return made, [node, at]
    settings = [Setting((alias or node.name, "database", k), v, n.line + before, status) for k, (v, n) in values.items()
                if k in ("servername", "portnumber", "databasename", "user", "serverport", "port",
                    "database")]  # fmt: skip
    if "servername" not in values:
        return None
    made = next(iter(m for m in mentions(settings, f"jee/{node.name}") if m.kind == "connection_string"), None)
    return (_named(made, alias), [n for _, n in values.values()]) if made else None


def _named(made: Mention, alias: str | None) -> Mention:
    from dataclasses import replace  # noqa: PLC0415

    return replace(made, alias=alias)


def _pair(node: Node) -> tuple[str | None, str | None]:
    """A key and its value, as an element or as a property with a name."""
    if node.name.lower() in _PROPERTY:
        value = node.child("value", "param-value", "config-property-value")
        name = node.child("name", "param-name", "config-property-name")
        return (
            node.get("name", "key") or (name.text if name else None),
            node.get("value") or (value.text if value else None) or node.text,
        )
    return (node.name, node.text or node.get("value")) if not node.children else (None, None)


def _settings(node: Node, before: int, status: str | None) -> Iterator[Setting]:
    section = node.parent.name if node.parent else node.name
    key, value = _pair(node)
    if key and value:
        yield Setting((section, *key.split(".")), value, node.line + before, status)
    if node.name.lower() not in _PROPERTY:
        for name, text in node.attributes.items():
            if text and name.lower() not in ("class", "version", "schemalocation", "xmlns", "id"):
                yield Setting((node.name, name), text, node.line + before, status)
        name_of, value_of = node.child("param-name", "env-entry-name"), node.child("param-value", "env-entry-value")
        if name_of is not None and value_of is not None:
            yield Setting((section, name_of.text), value_of.text, value_of.line + before, status)


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor(
        "jee-xml", "data sources of Java application servers", xml,
        names=frozenset((
            "persistence.xml", "standalone.xml", "standalone-full.xml", "standalone-ha.xml", "standalone-full-ha.xml",
            "domain.xml", "host.xml", "context.xml", "server.xml", "web.xml", "ejb-jar.xml", "application.xml",
            "config.xml",
            "resin.xml", "resin-web.xml", "resin.conf", "tomee.xml", "resources.xml", "hibernate.cfg.xml",
            "hibernate.xml", "jboss-web.xml",
            "jetty-env.xml", "jetty-web.xml", "jetty.xml", "glassfish-resources.xml", "sun-resources.xml",
            "applicationcontext.xml",
            "application-context.xml", "weblogic.xml", "weblogic-application.xml", "weblogic-ejb-jar.xml",
            "data-sources.xml",
            "spring.xml", "spring-config.xml", "repository.xml", "ra.xml", "beans.xml", "dispatcher-servlet.xml",
            "mybatis-config.xml",
            "ibm-web-bnd.xml", "openejb.xml", "settings.xml", "quartz.xml",
        )),
        patterns=(
            "*-ds.xml", "*-jdbc.xml", "*/jdbc/*.xml", "*persistence*.xml", "*hibernate*.xml", "*datasource*.xml",
            "*-context.xml",
            "*context*.xml", "*standalone*.xml", "*/conf/catalina/*.xml", "*-beans.xml", "*spring*.xml",
            "*mybatis*.xml", "*-resources.xml",
            "*sql*map*config*.xml", "*/meta-inf/*.xml", "*/web-inf/*.xml",
        ),
    ),
)  # fmt: skip
