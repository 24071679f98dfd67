package org.apache.iceberg.rest;

import org.apache.iceberg.catalog.Namespace;
import org.junit.jupiter.api.AfterEach;

/** The kit's tests of tables and namespaces, those too of what it takes most catalogs not to have. */
public class CatalogKit extends RESTCompatibilityKitCatalogTests {
  @Override
  protected boolean supportsNestedNamespaces() {
    return true;
  }

  @Override
  protected boolean supportsNamesWithSlashes() {
    return true;
  }

  @Override
  protected boolean supportsNamesWithDot() {
    return true;
  }

  /** The kit's own cleaning leaves namespaces in others, and a table's namespace in which there are some. */
  @AfterEach
  void dropNested() {
    for (Namespace namespace : catalog().listNamespaces()) dropWithin(namespace);
    catalog().dropNamespace(Namespace.of("parent"));
  }

  private void dropWithin(Namespace parent) {
    for (Namespace child : catalog().listNamespaces(parent)) {
      dropWithin(child);
      catalog().listTables(child).forEach(table -> catalog().dropTable(table, true));
      catalog().dropNamespace(child);
    }
  }
}
