import type { KeyUse, NoticeHead, NoticeType, PreviousKey, RotationStep } from '../../lambda/contract/notice';

/** Any notice, with every member that some type of notice has: tests look at one without asking for its type first. */
export type Said = NoticeHead & {
  readonly type: NoticeType;
  readonly code?: string;
  readonly reason?: string;
  readonly nextStep?: string;
  readonly command?: string;
  readonly startsAt?: string;
  readonly versionId?: string;
  readonly currentKeyId?: string;
  readonly workingKeyIds?: readonly string[];
  readonly previousKey?: {
    readonly kind: PreviousKey['kind'];
    readonly keyId?: string;
    readonly until?: string;
    readonly whenStillUsed?: string;
    readonly deletedAfter?: string;
  };
  readonly previousKeyLastUsed?: KeyUse;
  readonly steps?: readonly RotationStep[];
};
