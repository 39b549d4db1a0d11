import Handlebars from 'handlebars';
import type { OwnerEvent } from './owner-event';
import type { Recipient } from './recipient';
import { HTML_TEMPLATE, LABEL_STYLES } from './template-html';
import { TEXT_TEMPLATE } from './template-text';
import { mailWords } from './wording';
import type { RosterSlice } from '../../contract/slice';

export interface Mail {
  /** One line without control characters. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Strict: a name that a template misspells is an error, not an empty place. */
const engine = Handlebars.create();
const PAD = 19;
engine.registerHelper('pad', (name: string) => `${name}:`.padEnd(PAD));
/** A command breaks between its words only, never after the hyphens of an option. */
engine.registerHelper('words', (command: string) => command.split(' '));
const html = engine.compile(HTML_TEMPLATE, { strict: true });
const text = engine.compile(TEXT_TEMPLATE, { strict: true, noEscape: true });

/** The owner's mail in both forms, equal in content; every value is escaped in HTML. */
export function ownerMail(event: OwnerEvent, recipient: Recipient, slice: RosterSlice): Mail {
  const words = mailWords(event, recipient, slice);
  return {
    subject: words.subject,
    text: text({ ...words, rule: '='.repeat(words.headline.length) }),
    html: html({ ...words, labelStyle: LABEL_STYLES[words.tone] }),
  };
}
