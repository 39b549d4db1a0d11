import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { senderIdentity } from '../../../lib/stacks/central/sender-identity';
import type { SenderIdentity } from '../../../lib/roster/sender';

const SENDER = 'access-keys@example.com';

function templateOf(kind: SenderIdentity): Template {
  const stack = new Stack(new App({ analyticsReporting: false }), 'Central');
  senderIdentity(stack, SENDER, kind);
  return Template.fromStack(stack);
}

const identitiesOf = (template: Template): unknown[] =>
  Object.values(template.findResources('AWS::SES::EmailIdentity')).map(({ Properties }) => Properties.EmailIdentity);

test.each([
  ['address', [SENDER]],
  ['domain', [SENDER, 'example.com']],
  ['existing', []],
] as const)('%s makes the identities %j, and the address is the same resource in all of them', (kind, expected) => {
  const template = templateOf(kind);
  expect(identitiesOf(template)).toEqual(expected);
  if (expected.length > 0)
    template.templateMatches({ Resources: { Sender: { Properties: { EmailIdentity: SENDER } } } });
});

test('identities are kept when they leave the stack, and go with a first deployment that failed', () => {
  for (const identity of Object.values(templateOf('domain').findResources('AWS::SES::EmailIdentity'))) {
    expect(identity).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  }
});

test("the domain's DKIM records are outputs", () => {
  const outputs = templateOf('domain').findOutputs('*');
  expect(Object.keys(outputs)).toEqual(['DkimRecord1', 'DkimRecord2', 'DkimRecord3']);
  const attribute = (name: string): object => ({ 'Fn::GetAtt': ['SenderDomain', name] });
  expect(outputs.DkimRecord1).toMatchObject({
    Value: { 'Fn::Join': [' CNAME ', [attribute('DkimDNSTokenName1'), attribute('DkimDNSTokenValue1')]] },
  });
  templateOf('address').templateMatches({ Outputs: Match.absent() });
});
