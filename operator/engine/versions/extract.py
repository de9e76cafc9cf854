# Prints the serve flags of the vLLM source tree given as argument, as JSON. See README.md beside the result.
import os, sys, json, ast
tree, version = sys.argv[1], sys.argv[2]
os.environ.update(HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1", VLLM_LOGGING_LEVEL="ERROR", VLLM_TARGET_DEVICE="cpu", VLLM_PLUGINS="")
sys.path.insert(0, tree)
from importlib import import_module
for module in ("common", "launchers", "openai"):
    try:
        make_arg_parser = import_module(f"vllm.entrypoints.{module}.cli_args").make_arg_parser
        break
    except ImportError:
        continue
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser(prog="vllm").add_subparsers().add_parser("serve")
make_arg_parser(parser)
names = {}
for name, action in parser._option_string_actions.items():
    names.setdefault(id(action), (action, []))[1].append(name)
switches, one, many, optional, short = {}, [], [], [], {}
for action, spellings in names.values():
    canonical = "--" + action.dest.replace("_", "-")
    if canonical not in spellings: canonical = [s for s in spellings if s.startswith("--")][0]
    others = sorted(s for s in spellings if s != canonical)
    if action.nargs == 0: switches[canonical] = sorted((s for s in others if s.startswith("--")), key=lambda s: (not s.startswith("--no-"), s))
    elif action.nargs == "+": many.append(canonical)
    elif action.nargs == "?": optional.append(canonical)
    else: one.append(canonical)
    for s in others:
        if not s.startswith("--"): short[s] = canonical
        elif action.nargs != 0: one.append(s)
env = next(n for n in ast.walk(ast.parse(open(f"{tree}/vllm/envs.py").read()))
           if isinstance(n, (ast.Assign, ast.AnnAssign)) and getattr(getattr(n, "target", None) or n.targets[0], "id", "") == "environment_variables")
environment = sorted(k for k in (ast.literal_eval(k) for k in env.value.keys) if k.startswith("VLLM_"))
made = f"names only, read from the argument parser and envs.py of vLLM {version} as README.md beside this file says"
json.dump(dict(made=made, version=version, oneValue=sorted(one), someValues=sorted(many), optionalValue=sorted(optional),
               switches=dict(sorted(switches.items())), short=dict(sorted(short.items())), environment=environment), sys.stdout, indent=1)
print()
