import sys

from mmme_neuro.pipeline.executors import tracked


def test_plain_lines_where_there_is_no_terminal(capsys):
    with tracked(2, "participants") as step:
        step("first")
        step("second")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "participants 1/2" in lines[0] and lines[0].endswith("first")
    assert "participants 2/2, 0 s left" in lines[1] and lines[1].endswith("second")


def test_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with tracked(2, "participants") as step:
        step("first")
        step("second")
    out = capsys.readouterr().out
    assert "participants" in out and "2/2" in out
