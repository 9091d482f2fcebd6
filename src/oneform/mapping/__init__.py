"""Mapping files: `mappings/<department>/<form>.yaml` → frozen values, checked whole."""
