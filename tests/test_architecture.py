"""Imports go down and never up (docs/architecture.md); the contracts are import-linter's, in pyproject.toml."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_contract_is_kept() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_no_floor_is_open_and_every_room_has_one() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = {contract["containers"][0]: contract for contract in contracts if contract["type"] == "layers"}
    assert set(layers) == {"unsubscribe", "prefcenter", "prefcenter.pages"}
    for contract in layers.values():
        assert contract["exhaustive"]
        # Only the pure floor at the bottom and the wiring at the top may know their neighbours.
        assert not [layer for layer in contract["layers"][1:-1] if ":" in layer]
