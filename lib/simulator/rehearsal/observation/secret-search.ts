/**
 * Looks for secret access keys where none may be: plain, base64 (as a whole or inside a longer text), and either of
 * these URL-encoded or escaped for JSON, as often as may be.
 */
export class SecretSearch {
  /** Spellings by how they begin, with the id of their key. */
  private readonly forms = new Map<string, { readonly form: string; readonly keyId: string }[]>();

  /** Remembers one secret access key under the id of its access key. */
  add(keyId: string, secret: string): void {
    if (secret.length < SHORTEST_SECRET) throw new RangeError(`the secret of ${keyId} is too short to search for`);
    for (const form of [secret, ...inBase64(secret)]) {
      const beginning = form.slice(0, BEGINNING);
      const others = this.forms.get(beginning);
      if (others) others.push({ form, keyId });
      else this.forms.set(beginning, [{ form, keyId }]);
    }
  }

  /** The ids of all keys whose secret appears in the text, in whatever form. */
  find(text: string): readonly string[] {
    const found = new Set<string>();
    for (const [candidate] of unescaped(text).matchAll(CANDIDATE)) {
      for (let at = 0; at <= candidate.length - SHORTEST_SECRET; at++) {
        for (const { form, keyId } of this.forms.get(candidate.slice(at, at + BEGINNING)) ?? [])
          if (candidate.startsWith(form, at)) found.add(keyId);
      }
    }
    return [...found];
  }
}

/** No spelling of a secret access key (40 characters) is shorter than this or has other characters. */
const SHORTEST_SECRET = 32;
const BEGINNING = 12;
const CANDIDATE = /[A-Za-z0-9+/=_-]{32,}/g;

/** `\/`, `\u002F` and `%2F`, however often they were escaped again, are `/`; likewise the other two that a secret or its base64 may have. */
const ESCAPED = /(?:\\+u00|%(?:25)*)(2[bf]|3d)|\\+(?=\/)/gi;

function unescaped(text: string): string {
  return /[\\%]/.test(text)
    ? text.replace(ESCAPED, (_, code: string | undefined) =>
        code === undefined ? '' : String.fromCharCode(Number.parseInt(code, 16)),
      )
    : text;
}

/** Base64 spells the same bytes in three ways, by where they start; the characters that touch the surroundings are cut off. */
function inBase64(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64');
    const inner = whole.slice(before === 0 ? 0 : 4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
