"""Holds every `aws` command of README.md and docs/*.md against the service models that botocore ships.

  .venv/moto/bin/python test/docs/aws_commands.py

A command must exist, take each of its options, give those that the service requires, and name values that an
enumeration has. `aws cloudformation deploy` is a command of the CLI's own, with the options that its page lists.
"""
import glob
import re
import shlex
import sys

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

GLOBAL = {'query', 'region', 'endpoint-url', 'output', 'profile'}
# https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
OWN = {('cloudformation', 'deploy'): {'stack-name', 'template-file', 'capabilities', 'parameter-overrides', 's3-bucket'}}
PLACEHOLDER = re.compile(r'^[A-Z_]+$|[{}<>$]')


def commands(text):
    blocks = re.findall(r'^\s*(aws [a-z0-9-]+ [a-z0-9-]+.*)$', text, re.MULTILINE)
    spans = re.findall(r'`(aws [a-z0-9-]+ [a-z0-9-]+[^`]*)`', text)
    return [command.rstrip('`. ') for command in blocks + spans if 'kubectl' not in command]


def options(words):
    found, name = {}, None
    for word in words:
        if word.startswith('--'):
            name = word[2:]
            found[name] = []
        elif name is None:
            raise ValueError(f'{word} belongs to no option')
        else:
            found[name].append(word)
    return found


def problems(session, command):
    # The endpoint and the region of the local organization stand before the service.
    words = shlex.split(re.sub(r'--(endpoint-url|region) \S+ ', '', command))
    _, service, operation, *rest = words
    given = options(rest)
    if (service, operation) in OWN:
        return [f'--{name} is no option' for name in given if name not in OWN[service, operation] | GLOBAL]
    try:
        model = session.get_service_model(service)
    except UnknownServiceError:
        return [f'there is no service {service}']
    named = {xform_name(name, '-'): name for name in model.operation_names}
    if operation not in named:
        return [f'{service} has no operation {operation}']
    shape = model.operation_model(named[operation]).input_shape
    members = {xform_name(name, '-'): member for name, member in (shape.members if shape else {}).items()}
    required = {xform_name(name, '-') for name in (shape.required_members if shape else [])}
    # Without any option it is a mention of the operation, not a command to be run.
    found = [f'--{name} is missing' for name in sorted(required - set(given)) if given]
    for name, values in given.items():
        member = members.get(name) or (members.get(name[3:]) if name.startswith('no-') else None)
        if member is None:
            if name not in GLOBAL:
                found.append(f'--{name} is no option')
        elif getattr(member, 'enum', None):
            found += [f'--{name}: {v} is none of {member.enum}' for v in values if v not in member.enum and not PLACEHOLDER.search(v)]
    return found


def main():
    session = botocore.session.get_session()
    count, failed = 0, 0
    for file in ['README.md', *sorted(glob.glob('docs/**/*.md', recursive=True))]:
        with open(file) as opened:
            for command in commands(opened.read()):
                if '|' in command or '…' in command:
                    continue
                count += 1
                try:
                    found = problems(session, command)
                except ValueError as error:
                    found = [str(error)]
                failed += bool(found)
                for problem in found:
                    print(f'{file}: {command}\n   {problem}')
    print(f'commands: {count - failed} passed, {failed} failed')
    sys.exit(1 if failed or count < 10 else 0)


main()
