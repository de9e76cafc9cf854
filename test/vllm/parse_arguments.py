"""Feeds argument lists to vLLM's own parser and prints what it says.

Reads {"lists": [[...], ...]} on stdin; prints {"version": ..., "errors": [null or text, ...], "flags": [...],
"variables": [...]}: what is wrong with each list, and every name that this vLLM knows. Needs no model, no GPU and no network.
"""
import contextlib
import io
import json
import logging
import os
import sys

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1", VLLM_LOGGING_LEVEL="ERROR", VLLM_PLUGINS="")


def build():
    from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
    from vllm.utils.argparse_utils import FlexibleArgumentParser
    # As `vllm serve` builds it: a parser with one for each command.
    top = FlexibleArgumentParser(prog="vllm")
    serve = make_arg_parser(top.add_subparsers(required=True, dest="subparser").add_parser("serve"))
    return top, set(serve._option_string_actions), validate_parsed_serve_args


def wrong_with(parser, names, validate, arguments):
    # The parser completes beginnings of names: a flag that was renamed to a longer one would pass in silence.
    cut = [argument for argument in arguments if argument.startswith("--") and argument.split("=", 1)[0] not in names]
    if cut:
        return f"error: no flag of this name: {' '.join(cut)}"
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            validate(parser.parse_args(["serve", *arguments]))
        return None
    except SystemExit as end:
        errors = [line for line in said.getvalue().splitlines() if "error:" in line]
        return errors[-1] if errors else f"exit {end.code}"
    except Exception as error:  # whatever the parser throws is what we want to read
        return f"{type(error).__name__}: {error}"


def main() -> None:
    asked = json.load(sys.stdin)
    logging.disable(logging.WARNING)
    parser, names, validate = build()
    import vllm
    from vllm import envs
    json.dump({
        "version": vllm.__version__,
        "errors": [wrong_with(parser, names, validate, arguments) for arguments in asked["lists"]],
        "flags": sorted(names),
        "variables": sorted(envs.environment_variables),
    }, sys.stdout)


if __name__ == "__main__":
    main()
