import type { MarkKind } from './timeline';

/** The marks' shapes as SVG paths in a 12 by 12 box: shape tells them apart as well as colour does. */
export const SYMBOLS: Readonly<Record<MarkKind, string>> = {
  rotation: 'M6 1A5 5 0 1 0 6 11A5 5 0 1 0 6 1Z',
  failure: 'M6 1L11.5 11H.5Z',
  deletion: 'M2.2 1L6 4.8L9.8 1L11 2.2L7.2 6L11 9.8L9.8 11L6 7.2L2.2 11L1 9.8L4.8 6L1 2.2Z',
  switch: 'M1 3.5H7V1L11.5 6L7 11V8.5H1Z',
  compromised: 'M4.5 .5H7.5V4.5H11.5V7.5H7.5V11.5H4.5V7.5H.5V4.5H4.5Z',
  rollback: 'M11 3.5H5V1L.5 6L5 11V8.5H11Z',
  notice: 'M.5 1.8H11.5V10.2H.5ZM1.2 4.1L6 8.1L10.8 4.1V2.9L6 6.9L1.2 2.9Z',
  alert: 'M6 .5L11.5 6L6 11.5L.5 6Z',
  command: 'M1 1H11V11H1ZM3 3L6.2 6L3 9L4.2 10L8.4 6L4.2 2Z',
  released: 'M6 .5A5.5 5.5 0 1 0 6 11.5A5.5 5.5 0 1 0 6 .5ZM6 3.2A2.8 2.8 0 1 1 6 8.8A2.8 2.8 0 1 1 6 3.2Z',
  retired: 'M.5 1.5H11.5L6 11.5Z',
  restored: 'M6 .5L11.5 6H8.3V11.5H3.7V6H.5Z',
  refusal: 'M6 .5A5.5 5.5 0 1 0 6 11.5A5.5 5.5 0 1 0 6 .5ZM2.6 4.9H9.4V7.1H2.6Z',
  violation: 'M3.7 .5H8.3L11.5 3.7V8.3L8.3 11.5H3.7L.5 8.3V3.7Z',
};

export const MARK_NAMES: Readonly<Record<MarkKind, string>> = {
  rotation: 'rotation',
  failure: 'failed or partial',
  deletion: 'key deleted',
  switch: 'owner switched',
  compromised: 'compromised key deactivated',
  rollback: 'rolled back to this key',
  notice: 'notice to the owner',
  alert: 'alerts to the admins',
  command: "operator's command",
  released: 'user released',
  retired: 'user retires',
  restored: 'secret restored',
  refusal: 'key refused',
  violation: 'broken promise',
};

export const MARK_KINDS = Object.keys(SYMBOLS) as MarkKind[];

export const BAND_NAMES = { freeze: 'freeze', outage: 'outage', exemption: 'exempt' } as const;
