/** A failure as the SDK throws it. */
export class ServiceError extends Error {
  constructor(
    name: string,
    readonly $fault?: 'client' | 'server',
    readonly $metadata: { httpStatusCode?: number } = {},
  ) {
    super(name);
    this.name = name;
  }
}

/** A refusal of the service. */
export const refused = (name: string): ServiceError => new ServiceError(name, 'client', { httpStatusCode: 400 });
