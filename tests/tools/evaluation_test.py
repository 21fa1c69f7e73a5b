#!/usr/bin/env python3
"""script/evaluation and docs/evaluation.md have the same rows; a changed figure, a missing set and a bad option are said.

A program of our own stands in for canara, so neither data sets nor a build are needed."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "script" / "evaluation"

# Imports what it is told to, and answers an evaluation with figures that its background tells apart.
STAND_IN = r'''#!/bin/sh
if [ "$1 $2" = "dataset import" ]; then
    exec mkdir "$5"
fi
background=none cllr= file= said="$*"
while [ $# -gt 0 ]; do
    case $1 in
    --background) background=$2 ;;
    --detector) [ "$2" = full ] || cllr=null ;;
    --json=*) file=${1#--json=} ;;
    esac
    shift
done
if [ -n "${STAND_IN_SLEEPS-}" ]; then
    echo $$ >"$STAND_IN_SLEEPS"
    exec sleep 60
fi
if [ "$background" = "${STAND_IN_FAILS-}" ]; then
    echo "canara evaluate: no memory" >&2
    exit 1
fi
value=0.0${#background}
{
    for key in mean_eer global_eer auc cllr_min frr_070 frr_090 far_070 far_090 detection_at_far_001 detection_at_far_010; do
        printf '%s"%s": %s, "%s_ci": [%s, 1.0]' "${comma-{}" "$key" "$value" "$key" "$value"
        comma=,
    done
    printf ', "cllr": %s, "background": "%s"' "${cllr:-$value}" "${STAND_IN_BACKGROUND-$background}"
    printf ', "absorbed_impostors": null, "commit": "c0ffee", "words": "%s"}\n' "$said"
} >"$file"
'''


def load():
    loader = importlib.machinery.SourceFileLoader("evaluation", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("evaluation", loader))
    loader.exec_module(module)
    return module


class Evaluation(unittest.TestCase):
    printed = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.script = load()
        self.data = self.folder / "data"
        for name in self.script.SETS:
            (self.data / name).mkdir(parents=True)
        self.canara = self.folder / "canara"
        self.canara.write_text(STAND_IN)
        self.canara.chmod(0o755)
        self.document = self.folder / "evaluation.md"

    def run_script(self, *words, **environment):
        """Its status, and what it said on stdout and stderr."""
        out, errors = io.StringIO(), io.StringIO()
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
                try:
                    status = self.script.main(["--canara", str(self.canara), "--data", str(self.data), *words])
                except SystemExit as e:
                    status = e.code
        finally:
            os.environ.clear()
            os.environ.update(before)
        return status, out.getvalue(), errors.getvalue()

    def written(self, text=None):
        """The document is what was printed: by all rows once, or another text."""
        if text is None and not Evaluation.printed:
            status, Evaluation.printed, errors = self.run_script()
            self.assertEqual(status, 0, errors)
        self.document.write_text(text or Evaluation.printed)
        self.script.DOCUMENT = self.document
        return text or Evaluation.printed

    def test_document_and_script_have_the_same_rows(self):
        document = self.script.Document()
        self.assertEqual(document.other_rows(), [])
        self.assertEqual(len(document.rows), len(self.script.ROWS))
        self.assertEqual(list(document.bots), [f"`{key}`" for key in self.script.BOTS_FIGURES])

    def test_names_of_rows_are_different(self):
        names = [row.name for row in self.script.ALL]
        self.assertEqual(len(names), len(set(names)))
        self.assertTrue({row.name for row in self.script.ALL} >= {of for _, of, _ in self.script.FIGURES})

    def test_what_was_printed_agrees_with_itself(self):
        self.written()
        status, out, _ = self.run_script("--check")
        self.assertEqual((status, out), (0, f"{len(self.script.ALL)} agree, 0 differ, 0 skipped\n"))

    def test_changed_figure_is_found(self):
        text = self.written()
        first = next(line for line in text.splitlines() if line.startswith("| MEU | full | pairs:6"))
        self.written(text.replace(first, first.replace("| .0700 |", "| .0701 |", 1)))
        status, out, _ = self.run_script("--check", "--only", "meu-mobile-ksd")
        self.assertEqual(status, 1)
        self.assertEqual(out, "differs: meu: global EER: the document says .0701, measured .0700\n"
                              "2 agree, 1 differ, 0 skipped\n")

    def test_changed_figure_of_bots_is_found(self):
        text = self.written()
        self.written(text.replace("| `auc` | .07", "| `auc` | .08"))
        status, out, _ = self.run_script("--check", "--only", "delbot")
        self.assertEqual(status, 1)
        self.assertIn("differs: delbot: `auc`: the document says .0800 [.0700, 1.0000], measured .0700 [.0700, 1.0000]\n", out)

    def test_row_of_one_list_alone_is_found(self):
        text = self.written()
        self.written(text.replace("| MEU | full | pairs:6 |", "| MEU | full | pairs:7 |"))
        status, out, _ = self.run_script("--check")
        self.assertEqual(status, 1)
        self.assertIn("meu: not in the document\n", out)
        self.assertIn("| MEU | full | pairs:7 | off | first |: in the document alone\n", out)

    def test_document_without_a_table_is_said(self):
        self.written("# Nothing\n")
        status, _, _ = self.run_script("--check")
        self.assertIn("there is no table", status)

    def test_missing_set_is_skipped(self):
        (self.data / "cmu-strong-password").rmdir()
        status, out, errors = self.run_script("--only", "cmu-strong-password", "--only", "meu")
        self.assertEqual(status, 0)
        self.assertIn("skipped: data set cmu-strong-password not found\n", errors)
        self.assertNotIn("CMU", out)
        self.assertIn("| MEU |", out)

    def test_bots_are_skipped_without_the_others(self):
        self.written()
        (self.data / "balabit-mouse").rmdir()
        status, out, errors = self.run_script("--check", "--only", "delbot")
        self.assertEqual((status, out), (0, "0 agree, 0 differ, 1 skipped\n"))
        self.assertIn("skipped: data set balabit-mouse not found\n", errors)

    def test_row_that_fails_is_said(self):
        status, out, errors = self.run_script("--only", "balabit-mouse", STAND_IN_FAILS="all")
        self.assertEqual(status, 1)
        self.assertIn("failed: balabit-closed: canara evaluate: no memory\n", errors)
        self.assertIn("| pairs:5 (owner's fold) |", out)
        self.assertNotIn("closed set", out)

    def test_row_measured_with_something_else_is_a_failure(self):
        status, out, errors = self.run_script("--only", "delbot", STAND_IN_BACKGROUND="none")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("failed: delbot: measured with the background none, not pairs:6\n", errors)

    def test_words_of_a_row_reach_the_program(self):
        kept = self.folder / "kept.json"
        figures = self.folder / "figures"
        sets = self.folder / "sets"
        status, _, errors = self.run_script("--json", str(kept), "--figures", str(figures), "--sets", str(sets))
        self.assertEqual(status, 0, errors)
        rows = json.loads(kept.read_text())["rows"]
        self.assertEqual(set(rows), {row.name for row in self.script.ALL})
        self.assertIn("--detector full --background folds:3 --adapt gated --impostors practised --seed 1",
                      rows["cmu-gated-practised"]["words"])
        self.assertIn(f"--others {sets}/balabit-mouse", rows["delbot"]["words"])
        self.assertIn(f"--det {figures}/det-cmu.svg", rows["cmu"]["words"])
        self.assertNotIn("--background", rows["cmu-one-class"]["words"])
        self.assertEqual({path.name for path in sets.iterdir()}, set(self.script.SETS))

    def test_bad_options_are_refused(self):
        for words, said in ((["--only", "nobody"], "--only: there is no row or set 'nobody'"), (["--jobs", "0"], "--jobs"),
                            (["--jobs", "many"], "--jobs"), (["--data", "/nonexistent"], "--data"),
                            (["--canara", "/nonexistent"], "--canara"), (["--json", "/nonexistent/x.json"], "--json"),
                            (["--sets", str(self.canara)], "canara: "), (["--chek"], "--chek"), (["word"], "word")):
            with self.subTest(words=words):
                status, out, errors = self.run_script(*words)
                self.assertEqual((status, out), (2, ""))
                self.assertIn(said, errors)

    def test_who_is_told_to_stop_leaves_nothing_behind(self):
        temporary = self.folder / "tmp"
        temporary.mkdir()
        asleep = self.folder / "asleep"
        script = subprocess.Popen([sys.executable, str(SCRIPT), "--canara", str(self.canara), "--data", str(self.data),
                                   "--jobs", "1"], env={**os.environ, "TMPDIR": str(temporary), "STAND_IN_SLEEPS": str(asleep)},
                                  stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 30
        while not (asleep.exists() and asleep.read_text().endswith("\n")) and time.monotonic() < until:
            time.sleep(0.02)
        script.terminate()
        _, errors = script.communicate(timeout=30)
        self.assertEqual(script.returncode, 1)
        self.assertTrue(errors.endswith("script/evaluation: broken off\n"), errors)
        self.assertEqual(list(temporary.iterdir()), [])
        self.assertRaises(ProcessLookupError, os.kill, int(asleep.read_text()), 0)

    def test_list_runs_nothing(self):
        status, out, errors = self.run_script("--list", "--only", "meu-mobile-ksd")
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual([row.split()[0] for row in out.splitlines()], ["meu", "meu-gated", "meu-built-in"])


if __name__ == "__main__":
    unittest.main()
