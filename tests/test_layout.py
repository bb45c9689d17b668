"""The house rules that no linter checks."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "attribution"
MODULES = sorted(ROOT.rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 500, 60

#: From the ground up: a package may import those before it.
LAYERS = (
    "case",
    "channels",
    "model",
    "pictures",
    "posterior",
    "scoring",
    "evaluate",
    "exports",
    "report",
    "desk",
    "cli",
)
#: Both stand on the posterior and neither on the other.
APART = {("evaluate", "scoring"), ("scoring", "evaluate")}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path, *, everywhere: bool) -> set[str]:
    """Modules of the package that a module imports, for the type checker or not."""
    known = {name_of(module) for module in MODULES}
    found: set[str] = set()
    for node in ast.walk(tree_of(path)) if everywhere else _at_import(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # "from package import module" needs the module, "from module import name" the module.
            named = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {full if full in known else node.module for full in named.values()}
    return found & known


def _at_import(tree: ast.Module):
    """Statements that run when the module is imported."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def functions(path: Path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_is_long(path):
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_takes_arguments_that_it_does_not_name(path):
    assert [f.name for f in functions(path) if f.args.kwarg is not None] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_commands_print(path):
    if name_of(path).startswith("attribution.cli"):
        return
    printed = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printed == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_packages_import_only_what_lies_below(path):
    name = name_of(path)
    package = name.split(".")[1] if "." in name else ""
    if not package:
        return  # the public names, from everywhere
    assert package in LAYERS, f"{name} belongs to no layer"
    for other in imported(path, everywhere=True):
        below = other.split(".")[1] if "." in other else ""
        if not below:
            # The version, and for commands the whole interface.
            assert package in {"posterior", "cli", "desk", "report", "evaluate"}, other
            continue
        allowed = LAYERS.index(below) <= LAYERS.index(package) and (package, below) not in APART
        assert allowed, f"{name} imports {other}"


def test_no_module_imports_itself_over_others():
    graph = {name_of(path): imported(path, everywhere=False) for path in MODULES}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name in done:
            return
        for other in sorted(graph[name]):
            if other != name:
                visit(other, (*above, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_the_rules_are_tried_on_something():
    names = {name_of(path) for path in MODULES}
    assert {"attribution", "attribution.model.fit", "attribution.case.case"} <= names
    fit = ROOT / "model" / "fit.py"
    assert "attribution.model.sampler" in imported(fit, everywhere=False)
    assert "attribution.case.case" not in imported(fit, everywhere=False)
    assert "attribution.case.case" in imported(fit, everywhere=True)
