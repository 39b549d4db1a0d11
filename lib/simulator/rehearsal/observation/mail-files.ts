import type { EnvironmentMail } from '../environment/environment';

export interface MailFile {
  readonly name: string;
  readonly content: string;
}

/** A name that sorts by time and says whom and what the mail is about: `2027-01-31T09-05-00-333333333333-jeremy-rotated`. */
export function mailName(
  mail: EnvironmentMail,
  about: { readonly accountId?: string; readonly userName?: string; readonly type?: string },
  taken: ReadonlySet<string>,
): string {
  const time = mail.at.toISOString().slice(0, 19).replaceAll(':', '-');
  const words = [time, about.accountId, about.userName, about.type ?? mail.audience].filter(
    (word) => word !== undefined,
  );
  const plain = words
    .join('-')
    .replace(/[^A-Za-z0-9._@+=-]+/g, '_')
    .slice(0, 120);
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? plain : `${plain}-${count}`;
    if (!taken.has(name)) return name;
  }
}

/** The mail as its reader's program would show it, and its text form with the headers on top. */
export function mailFiles(name: string, mail: EnvironmentMail): readonly MailFile[] {
  const headers = `Date: ${mail.at.toISOString()}\nTo: ${mail.to.join(', ')}\nSubject: ${mail.subject}\n\n`;
  const text = { name: `${name}.txt`, content: `${headers}${mail.text}\n` };
  return mail.html === undefined ? [text] : [{ name: `${name}.html`, content: mail.html }, text];
}
