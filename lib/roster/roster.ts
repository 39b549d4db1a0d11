import type { RosterSlice, SliceUser, UserGuard } from '../../lambda/contract/slice';
import type { SenderIdentity } from './sender';

/** A validated roster with every default resolved. Durations are in hours. */
export interface Roster {
  /** Absent: one account, notification stack and rotator stack side by side. */
  readonly organization?: Organization;
  readonly region: string;
  readonly userGuard: UserGuard;
  /** Alias of the secrets' customer managed key, in every account; absent: aws/secretsmanager. */
  readonly secretsKey?: string;
  readonly notifications: {
    readonly admins: readonly string[];
    readonly sender: string;
    /** Absent: `address`. */
    readonly senderIdentity?: SenderIdentity;
    /** An owner's address is <user>@ownerDomain unless the user says otherwise. */
    readonly ownerDomain?: string;
    /** Whom owners can ask; plain text. */
    readonly contact?: string;
  };
  readonly source?: { readonly connectionArn: string; readonly repository: string; readonly branch: string };
  readonly limits: RosterSlice['limits'] & { readonly maxRemovalsPercent: number };
  /** Codes of dangerous changes that were reviewed. */
  readonly acknowledge: readonly string[];
  readonly accounts: readonly RosterAccount[];
}

export interface Organization {
  readonly id: string;
  readonly managementAccount: string;
  /** What StackSets target: the root, or one unit. Rosters that were published before may hold several. */
  readonly organizationalUnits: readonly string[];
  readonly securityAccount: string;
}

export interface RosterAccount {
  readonly id: string;
  readonly name: string;
  readonly canary: boolean;
  readonly state: RosterSlice['state'];
  /** How the rotator stack gets there: by the StackSet, by hand, or as a stage of the pipeline. */
  readonly deployment: 'stackset' | 'manual' | 'pipeline';
  readonly breakGlassRoles: readonly string[];
  readonly users: readonly SliceUser[];
}
