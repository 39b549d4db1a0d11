"""What CloudFormation's handlers call for each resource type of the templates, from the schemas that cfn-lint ships.

  .venv/cfn-lint/bin/python test/stacks/pipeline/handler_actions.py            writes handler-actions.json anew
  .venv/cfn-lint/bin/python test/stacks/pipeline/handler_actions.py --check    fails where it is another one
"""
import glob
import json
import os
import sys

import cfnlint

FILE = os.path.join(os.path.dirname(__file__), 'handler-actions.json')
# Its schema names no permissions: those of its API.
UNNAMED = {
    'AWS::CodeBuild::Project': [
        'codebuild:BatchGetProjects',
        'codebuild:CreateProject',
        'codebuild:DeleteProject',
        'codebuild:UpdateProject',
        'iam:PassRole',
    ]
}


def permissions(schema):
    named = [action for handler in schema.get('handlers', {}).values() for action in handler.get('permissions', [])]
    return sorted(set(named + schema.get('tagging', {}).get('permissions', [])))


def main():
    with open(FILE) as file:
        written = file.read()
    types = json.loads(written)
    folder = os.path.join(os.path.dirname(cfnlint.__file__), 'data/schemas/resources/*.json')
    found = dict(UNNAMED)
    for name in glob.glob(folder):
        with open(name) as file:
            schema = json.load(file)
        if schema['typeName'] in types and permissions(schema):
            found[schema['typeName']] = permissions(schema)
    missing = [name for name in types if name not in found]
    if missing:
        sys.exit(f'cfn-lint has no handlers of {", ".join(missing)}')
    lines = [f'  {json.dumps(name)}: {json.dumps(found[name])}' for name in sorted(found)]
    text = '{\n' + ',\n'.join(lines) + '\n}\n'
    if '--check' not in sys.argv:
        with open(FILE, 'w') as file:
            file.write(text)
    elif text != written:
        changed = [name for name in found if found[name] != types[name]]
        sys.exit(f'the handlers of {", ".join(changed)} call other actions: run handler_actions.py without --check')


main()
