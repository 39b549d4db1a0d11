import type { Clock } from '../../clock';
import { bare, domainOf } from './addresses';

export interface SentMail {
  readonly at: Date;
  readonly messageId: string;
  readonly accountId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
}

/** What the recipient's side does with a mail. */
export type Reaction = 'delivery' | 'bounce' | 'complaint' | 'delay';

export interface EventDestination {
  readonly name: string;
  readonly topicArn: string;
  /** Such as `BOUNCE`. */
  readonly eventTypes: readonly string[];
}

export interface Identity {
  readonly name: string;
  readonly verified: boolean;
  /** Of a domain with Easy DKIM. */
  readonly dkimTokens: readonly string[];
}

/** https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator */
const SIMULATOR = 'simulator.amazonses.com';
const SIMULATED: Readonly<Record<string, Reaction>> = {
  bounce: 'bounce',
  suppressionlist: 'bounce',
  complaint: 'complaint',
};

/** Identities, configuration sets and mailboxes of all accounts; each account and region is a sender of its own. */
export class SesState {
  readonly mails: SentMail[] = [];
  private readonly identities = new Map<string, Identity>();
  private readonly configurationSets = new Map<string, EventDestination[]>();
  private readonly sandboxes = new Set<string>();
  private readonly suppressed = new Set<string>();
  private readonly reactions = new Map<string, Reaction>();

  constructor(private readonly clock: Clock) {}

  /** Accounts are out of the sandbox until they are put into it. */
  sandbox(accountId: string, region: string): void {
    this.sandboxes.add(`${accountId}/${region}`);
  }

  isSandbox(accountId: string, region: string): boolean {
    return this.sandboxes.has(`${accountId}/${region}`);
  }

  /** An address or a domain that nobody has confirmed yet; one that is there stays as it is. */
  create(accountId: string, region: string, identity: string): void {
    const name = identity.toLowerCase();
    if (this.find(accountId, region, name)) return;
    const dkimTokens = name.includes('@') ? [] : [1, 2, 3].map((number) => `token${number}${name.replace(/\W/g, '')}`);
    this.identities.set(keyOf(accountId, region, name), { name, verified: false, dkimTokens });
  }

  /** Whoever reads the mailbox follows the link, or the domain's DNS has the records. */
  verify(accountId: string, region: string, identity: string): void {
    this.create(accountId, region, identity);
    const found = this.find(accountId, region, identity)!;
    this.identities.set(keyOf(accountId, region, identity), { ...found, verified: true });
  }

  find(accountId: string, region: string, identity: string): Identity | undefined {
    return this.identities.get(keyOf(accountId, region, identity));
  }

  /** The identities that speak for an address: itself, its domain. */
  identitiesOf(accountId: string, region: string, address: string): readonly Identity[] {
    return [bare(address), domainOf(address)].flatMap((name) => this.find(accountId, region, name) ?? []);
  }

  isVerified(accountId: string, region: string, address: string): boolean {
    return this.identitiesOf(accountId, region, address).some(({ verified }) => verified);
  }

  putConfigurationSet(accountId: string, region: string, name: string): void {
    const key = keyOf(accountId, region, name);
    if (!this.configurationSets.has(key)) this.configurationSets.set(key, []);
  }

  /** Replaces the destination of the same name. */
  putEventDestination(
    accountId: string,
    region: string,
    configurationSet: string,
    destination: EventDestination,
  ): void {
    this.putConfigurationSet(accountId, region, configurationSet);
    const others = this.destinationsOf(accountId, region, configurationSet)!.filter(
      ({ name }) => name !== destination.name,
    );
    this.configurationSets.set(keyOf(accountId, region, configurationSet), [...others, destination]);
  }

  /** Undefined when there is no such configuration set. */
  destinationsOf(accountId: string, region: string, configurationSet: string): readonly EventDestination[] | undefined {
    return this.configurationSets.get(keyOf(accountId, region, configurationSet));
  }

  /** From now on mail to the address is treated so. */
  react(address: string, reaction: Reaction): void {
    this.reactions.set(bare(address), reaction);
    if (reaction === 'delivery') this.suppressed.delete(bare(address));
  }

  /** SES suppresses an address after a hard bounce or a complaint: it accepts later mail and lets it bounce itself. */
  reactionTo(address: string): { readonly reaction: Reaction; readonly suppressed: boolean } {
    const name = bare(address);
    if (this.suppressed.has(name)) return { reaction: 'bounce', suppressed: true };
    const reaction = this.reactions.get(name) ?? simulated(name) ?? 'delivery';
    if (reaction === 'bounce' || reaction === 'complaint') this.suppressed.add(name);
    return { reaction, suppressed: false };
  }

  now(): Date {
    return this.clock.now();
  }
}

export const isSimulator = (address: string): boolean => domainOf(address) === SIMULATOR;

function simulated(address: string): Reaction | undefined {
  return isSimulator(address) ? SIMULATED[address.split(/[@+]/)[0]!] : undefined;
}

const keyOf = (accountId: string, region: string, name: string): string =>
  `${accountId}/${region}/${name.toLowerCase()}`;
