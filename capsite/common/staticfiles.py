"""Static files with hashed names, so that browsers may keep them for ever."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashes file names in templates, in style sheets and in ES module imports."""

    support_js_module_import_aggregation = True
