"""``extends`` stays in one folder, symbolic links followed, and quotes no line from elsewhere."""

import pytest

from carbonctl.core.errors import InputError
from carbonctl.scenario.read import extends

HIDDEN = "place: far-away\n"


@pytest.fixture
def tree(tmp_path):
    """A work tree with a scenario in a folder of it, and a file beside the tree."""
    (tmp_path / "repo/.git").mkdir(parents=True)
    (tmp_path / "repo/sub").mkdir()
    (tmp_path / "repo/base.yaml").write_text("name: base\n")
    (tmp_path / "secret.yaml").write_text(HIDDEN)
    return tmp_path


def head(tree, base, name="head.yaml"):
    path = tree / "repo/sub" / name
    path.write_text(f"extends: {base}\nperiod: 1 y\n")
    return str(path)


def refused(source, **words):
    with pytest.raises(InputError) as caught:
        extends.load(source, **words)
    assert "far-away" not in str(caught.value) + str(caught.value.sources)
    (problem,) = caught.value.problems
    return problem


def test_a_file_of_the_work_tree_may_be_anywhere_in_it(tree):
    assert extends.load(head(tree, "../base.yaml")).data == {"name": "base", "period": "1 y"}
    assert extends.load(head(tree, tree / "repo/base.yaml")).data["name"] == "base"


def test_a_work_tree_may_be_a_file_called_git(tree):
    (tree / "repo/.git").rmdir()
    (tree / "repo/.git").write_text("gitdir: elsewhere\n")
    assert extends.load(head(tree, "../base.yaml")).data["name"] == "base"


@pytest.mark.parametrize(
    "base",
    [
        "../../secret.yaml",
        "{tree}/secret.yaml",
        "link.yaml",
        "up/secret.yaml",
        "../../none.yaml",
    ],
)
def test_a_file_outside_is_refused_whether_or_not_it_is_there(base, tree):
    (tree / "repo/sub/link.yaml").symlink_to(tree / "secret.yaml")
    (tree / "repo/sub/up").symlink_to(tree)
    problem = refused(head(tree, base.format(tree=tree)))
    assert (problem.code, problem.mark.line, problem.mark.column) == ("CC010", 1, 10)
    assert "--root" in problem.hint


def test_a_parent_is_held_to_the_folder_of_the_first_file(tree):
    (tree / "repo/base.yaml").write_text("extends: ../secret.yaml\n")
    problem = refused(head(tree, "../base.yaml"))
    assert problem.code == "CC010"
    assert problem.mark.file.endswith("base.yaml")


def test_without_a_work_tree_the_folder_of_the_first_file_holds(tree):
    (tree / "repo/.git").rmdir()
    (tree / "repo/sub/beside.yaml").write_text("name: beside\n")
    assert extends.load(head(tree, "beside.yaml")).data["name"] == "beside"
    assert refused(head(tree, "../base.yaml")).code == "CC010"


def test_root_widens_and_narrows(tree):
    data = extends.load(head(tree, "../../secret.yaml"), root=str(tree)).data
    assert data["place"] == "far-away"
    assert refused(head(tree, "../base.yaml"), root=str(tree / "repo/sub")).code == "CC010"


def test_lines_of_a_first_file_that_is_a_link_to_elsewhere_are_not_quoted(tree):
    link = tree / "repo/sub/link.yaml"
    link.symlink_to(tree / "secret.yaml")
    assert extends.load(str(link)).sources == {}
    (tree / "secret.yaml").write_text(f"a: [\n{HIDDEN}")
    assert refused(str(link)).code == "CC001"


def test_a_dash_is_a_file_where_extends_names_it(tree, monkeypatch):
    monkeypatch.chdir(tree / "repo/sub")
    (tree / "repo/sub/-").write_text("name: dash\n")
    head(tree, '"-"')
    assert extends.load("head.yaml").data["name"] == "dash"


def test_stdin_and_pipes_extend_from_where_the_command_stands(tree, monkeypatch):
    monkeypatch.chdir(tree / "repo/sub")
    assert extends.load("-", b"extends: ../base.yaml\n").data["name"] == "base"
    assert refused("-", raw=b"extends: ../../secret.yaml\n").code == "CC010"
