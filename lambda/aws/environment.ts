/** A function's setting; a deployment without it is broken, and says so at its first start. */
export function required<Name extends string>(name: Name): string {
  const value = process.env[name];
  if (!value) throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/** `arn:partition:lambda:region:account:…` of the running function, taken apart. */
export function placeOf(functionArn: string): {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
} {
  const [, partition = 'aws', , region = '', accountId = ''] = functionArn.split(':');
  return { partition, region, accountId };
}
