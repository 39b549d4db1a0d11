/** SES's first API (2010-12-01), as far as the product and its owners use it. */
import type { Clock } from '../../clock';
import type { Random } from '../../random';
import { AwsError, type Access, type Call, type Service } from '../../service';
import { formatArn } from '../arn';
import { bare, checkAddress } from './addresses';
import { EVENT_TYPES, feedbackOf, type FeedbackMail } from './feedback';
import { isSimulator, SesState } from './state';

export { SesState, type Reaction, type SentMail } from './state';

interface SendEmailInput {
  readonly Source?: string;
  readonly Destination?: { ToAddresses?: string[]; CcAddresses?: string[]; BccAddresses?: string[] };
  readonly ConfigurationSetName?: string;
  readonly Message?: { Subject?: { Data?: string }; Body?: { Text?: { Data?: string }; Html?: { Data?: string } } };
  readonly Tags?: readonly { readonly Name?: string; readonly Value?: string }[];
}

/** Publishes to a topic as SES, on behalf of an account's configuration set. */
export type PublishFeedback = (
  topicArn: string,
  message: string,
  source: { readonly arn: string; readonly accountId: string },
) => Promise<void>;

export interface SesOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly publish?: PublishFeedback;
}

const MOST_RECIPIENTS = 50;
/** Until the recipient's side has answered. */
const FEEDBACK_AFTER_MS = 60_000;

export function sesService({ clock, random, publish }: SesOptions): { service: Service; state: SesState } {
  const ids = random.fork('ses');
  const state = new SesState(clock);
  const service: Service = {
    id: 'ses',
    operations: {
      SendEmail: {
        accesses: (input: SendEmailInput, call) => sendAccesses(state, input, call),
        run: (input: SendEmailInput, call) => {
          checkMail(state, input, call);
          const mail = {
            at: clock.now(),
            messageId: ids.uuid(),
            accountId: call.principal.accountId,
            from: input.Source!,
            to: recipients(input),
          };
          const { Subject, Body } = input.Message!;
          state.mails.push({ ...mail, subject: Subject?.Data ?? '', text: Body?.Text?.Data, html: Body?.Html?.Data });
          const { ConfigurationSetName: configurationSet } = input;
          if (publish && configurationSet !== undefined)
            report(clock, state, publish, { ...mail, region: call.region, configurationSet, tags: tagsOf(input) });
          return { MessageId: mail.messageId };
        },
      },
      ...identityOperations(state),
    },
  };
  return { service, state };
}

function dkimStatus(hasTokens: boolean, verified: boolean): string {
  if (!hasTokens) return 'NotStarted';
  return verified ? 'Success' : 'Pending';
}

/** Asking for an identity's confirmation, and looking whether it came. */
function identityOperations(state: SesState): Service['operations'] {
  const identities = (input: { Identities?: string[] }): string[] => input.Identities ?? [];
  const onAll =
    (action: string) =>
    (_input: unknown, call: Call): Access[] => [
      { action: `ses:${action}`, resource: '*', resourceAccountId: call.principal.accountId },
    ];
  return {
    VerifyEmailIdentity: {
      accesses: onAll('VerifyEmailIdentity'),
      run: ({ EmailAddress = '' }: { EmailAddress?: string }, call) => {
        checkAddress(EmailAddress);
        state.create(call.principal.accountId, call.region, EmailAddress);
        return {};
      },
    },
    GetIdentityVerificationAttributes: {
      accesses: onAll('GetIdentityVerificationAttributes'),
      run: (input, call) => ({
        VerificationAttributes: Object.fromEntries(
          identities(input).flatMap((name) => {
            const found = state.find(call.principal.accountId, call.region, name);
            return found ? [[name, { VerificationStatus: found.verified ? 'Success' : 'Pending' }]] : [];
          }),
        ),
      }),
    },
    GetIdentityDkimAttributes: {
      accesses: onAll('GetIdentityDkimAttributes'),
      run: (input, call) => ({
        DkimAttributes: Object.fromEntries(
          identities(input).map((name) => {
            const { dkimTokens = [], verified = false } = state.find(call.principal.accountId, call.region, name) ?? {};
            const status = dkimStatus(dkimTokens.length > 0, verified);
            return [
              name,
              { DkimEnabled: dkimTokens.length > 0, DkimVerificationStatus: status, DkimTokens: [...dkimTokens] },
            ];
          }),
        ),
      }),
    },
  };
}

/**
 * Asked for the sender's identities, the domain's too where there is one, and for the configuration set; in the sandbox
 * for every recipient's identity as well: https://github.com/cloudposse/terraform-aws-ses/issues/40,
 * https://github.com/civiform/civiform/issues/4081
 */
function sendAccesses(state: SesState, input: SendEmailInput, { principal: { accountId }, region }: Call): Access[] {
  checkAddresses(input);
  const from = bare(input.Source ?? '');
  const context = { 'ses:FromAddress': from, 'ses:Recipients': recipients(input) };
  const access = (resource: string): Access => {
    const arn = formatArn({ service: 'ses', region, accountId, resource });
    return { action: 'ses:SendEmail', resource: arn, resourceAccountId: accountId, context };
  };
  const named = (address: string): string[] => {
    const found = state.identitiesOf(accountId, region, address).map(({ name }) => name);
    return found.length > 0 ? found : [bare(address)];
  };
  const others = state.isSandbox(accountId, region) ? recipients(input).filter((address) => !isSimulator(address)) : [];
  const set =
    input.ConfigurationSetName === undefined ? [] : [access(`configuration-set/${input.ConfigurationSetName}`)];
  return [...[...new Set([from, ...others].flatMap(named))].map((name) => access(`identity/${name}`)), ...set];
}

function checkAddresses(input: SendEmailInput): void {
  for (const address of [input.Source ?? '', ...recipients(input)]) checkAddress(address);
}

function checkMail(state: SesState, input: SendEmailInput, { principal: { accountId }, region }: Call): void {
  const to = recipients(input);
  if (!input.Message?.Subject || !input.Message.Body || to.length === 0) {
    throw new AwsError(
      'InvalidParameterValue',
      'A message with a subject, a body and at least one recipient is required.',
    );
  }
  checkAddresses(input);
  if (to.length > MOST_RECIPIENTS)
    throw new AwsError('InvalidParameterValue', `Recipient count exceeds ${MOST_RECIPIENTS}.`);
  const set = input.ConfigurationSetName;
  if (set !== undefined && !state.destinationsOf(accountId, region, set)) {
    throw new AwsError('ConfigurationSetDoesNotExist', `Configuration set <${set}> does not exist.`);
  }
  const mustBe = [
    input.Source ?? '',
    ...(state.isSandbox(accountId, region) ? to.filter((address) => !isSimulator(address)) : []),
  ];
  const failed = mustBe.filter((address) => !state.isVerified(accountId, region, address));
  if (failed.length === 0) return;
  const place = `The following identities failed the check in region ${region.toUpperCase()}`;
  throw new AwsError('MessageRejected', `Email address is not verified. ${place}: ${failed.join(', ')}`);
}

/** One message a recipient, to every destination that wants its type. */
function report(clock: Clock, state: SesState, publish: PublishFeedback, mail: FeedbackMail): void {
  const { accountId, region, configurationSet } = mail;
  const arn = formatArn({ service: 'ses', region, accountId, resource: `configuration-set/${configurationSet}` });
  for (const address of mail.to) {
    const reaction = state.reactionTo(address);
    clock.at(new Date(mail.at.getTime() + FEEDBACK_AFTER_MS), async () => {
      const message = JSON.stringify(feedbackOf(mail, address, reaction, clock.now()));
      const wanted = state.destinationsOf(accountId, region, configurationSet) ?? [];
      for (const { topicArn, eventTypes } of wanted) {
        if (eventTypes.includes(EVENT_TYPES[reaction.reaction])) await publish(topicArn, message, { arn, accountId });
      }
    });
  }
}

const tagsOf = ({ Tags = [] }: SendEmailInput): Record<string, string> =>
  Object.fromEntries(Tags.map(({ Name = '', Value = '' }) => [Name, Value]));

function recipients({ Destination = {} }: SendEmailInput): string[] {
  const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = Destination;
  return [...ToAddresses, ...CcAddresses, ...BccAddresses];
}
