"""Print the lines that make a shell complete commands, flags and names.

eval "$(fewshot completion bash)"          # in ~/.bashrc; zsh: in ~/.zshrc, after compinit
fewshot completion fish > ~/.config/fish/completions/fewshot.fish
"""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The argument of `fewshot completion`."""
    parser.add_argument("shell", choices=SHELLS)


def main(args: argparse.Namespace) -> int:
    """Prints the lines."""
    from argcomplete.shell_integration import shellcode

    from fewshot.cli import _terminal

    _terminal.text(shellcode(["fewshot"], shell=args.shell))
    return 0
