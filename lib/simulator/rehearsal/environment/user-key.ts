/** One user of one account. IAM names are unique ignoring case. */
export const nameOf = (accountId: string, userName: string): string => `${accountId}/${userName.toLowerCase()}`;
