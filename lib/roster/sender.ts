/**
 * Who SES lets mails come from: the sender's address alone, its domain as well, or an identity that is there already
 * and that nobody here creates.
 */
export type SenderIdentity = 'address' | 'domain' | 'existing';

export const domainOfSender = (sender: string): string => sender.slice(sender.lastIndexOf('@') + 1).toLowerCase();
