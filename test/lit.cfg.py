# lit configuration: one suite for the text tests (FileCheck) and the unit tests (GoogleTest).
# The build writes lit.site.cfg.py, which says where sources and tools are and loads this file.
import os
import shutil
import lit.formats

config.name = "popcorn"
config.suffixes = [".test", ".pop", ".tal", ".ir"]
config.excludes = ["Inputs", "corpus", "unit"]
config.test_format = lit.formats.ShTest(execute_external=True)
config.test_source_root = os.path.join(config.source_root, "test")
config.test_exec_root = os.path.join(config.build_root, "test")

bin_dir = os.path.join(config.build_root, "bin")
for tool in ["popc", "talcheck", "talas", "poppatch", "popctl", "poplex", "popyacc"]:
    config.substitutions.append(("%" + tool, os.path.join(bin_dir, tool)))
config.substitutions.append(("%src", config.source_root))
config.substitutions.append(("%build", config.build_root))
config.environment["PATH"] = os.pathsep.join([config.llvm_tools, bin_dir, os.environ["PATH"]])
if shutil.which("setarch"):
    config.available_features.add("setarch")
if shutil.which("gdb"):
    config.available_features.add("gdb")
try:  # a container without /dev/pts has none
    for descriptor in os.openpty():
        os.close(descriptor)
    config.available_features.add("pseudo-terminal")
except OSError:
    pass
config.environment["TZ"] = "UTC"
config.environment["LC_ALL"] = "C.UTF-8"
for name in ["ASAN_OPTIONS", "UBSAN_OPTIONS", "HOME"]:
    if name in os.environ:
        config.environment[name] = os.environ[name]
lit_config.maxIndividualTestTime = 120
