/** A roster of that many accounts, users in each. */
export function rosterOf(accounts: number, usersEach: number): string {
  const head = `version: 1
organization: { id: o-a1b2c3d4e5, managementAccount: "111111111111", organizationalUnits: [ou-ab12-11111111], securityAccount: "222222222222", region: us-east-1 }
notifications: { admins: [security@example.com], sender: access-keys@example.com, ownerDomain: example.com }
source: { connectionArn: "arn:aws:codeconnections:us-east-1:222222222222:connection/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", repository: acme/access-keys, branch: main }
accounts:
`;
  const account = (index: number): string =>
    `  - id: "${300_000_000_000 + index}"\n    name: account-${index}\n    canary: ${index === 0}\n    users:\n${Array.from({ length: usersEach }, (_, user) => `      - { name: user-${user}, rotateEvery: 60d }\n`).join('')}`;
  return head + Array.from({ length: accounts }, (_, index) => account(index)).join('');
}
