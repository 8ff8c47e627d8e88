# The unit tests: every GoogleTest case counts as one test.
import os
import lit.formats

config.name = "popcorn-unit"
config.suffixes = []
config.test_source_root = config.test_exec_root = os.path.join(config.build_root, "test", "unit")
config.test_format = lit.formats.GoogleTest(".", "test")
