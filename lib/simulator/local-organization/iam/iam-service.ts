import { AwsError, type Access, type Call, type Operation, type Service } from '../service';
import { userArn, type IamDirectory, type StoredKey, type StoredRole, type StoredUser } from './directory';

/** IAM as far as the product, and people who look around, use it. https://docs.aws.amazon.com/IAM/latest/APIReference */
export function iamService(directory: IamDirectory): Service {
  return {
    id: 'iam',
    operations: {
      ...users(directory),
      ...keys(directory),
      ...userPolicies(directory),
      ...userTags(directory),
      ...roles(directory),
    },
  };
}

interface UserInput {
  readonly UserName?: string;
}

interface PageInput {
  readonly Marker?: string;
  readonly MaxItems?: number;
}

function users(directory: IamDirectory): Record<string, Operation> {
  const named = namedUser(directory);
  return {
    CreateUser: {
      accesses: (input: { UserName: string; Path?: string }, call) => [
        {
          action: 'iam:CreateUser',
          resource: userArn({ accountId: call.principal.accountId, path: input.Path ?? '/', name: input.UserName }),
          resourceAccountId: call.principal.accountId,
        },
      ],
      run: (input: { UserName: string; Path?: string; Tags?: { Key: string; Value: string }[] }, call) => ({
        User: toUser(
          directory.createUser(call.principal.accountId, {
            name: checkedName(input.UserName),
            path: input.Path,
            tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
          }),
        ),
      }),
    },
    GetUser: named('iam:GetUser', (user) => ({ User: toUser(user) })),
    DeleteUser: named('iam:DeleteUser', (user) => directory.deleteUser(user)),
    UpdateUser: named('iam:UpdateUser', (user, input: { NewUserName?: string; NewPath?: string }) =>
      directory.renameUser(user, input.NewUserName ?? user.name, input.NewPath ?? user.path),
    ),
    ListUsers: {
      accesses: (_, call) => [anywhere('iam:ListUsers', call)],
      run: (input: PageInput & { PathPrefix?: string }, call) =>
        page(
          'Users',
          directory
            .users(call.principal.accountId)
            .filter(({ path }) => path.startsWith(input.PathPrefix ?? '/'))
            .map(toUser),
          input,
        ),
    },
    ListAccountAliases: {
      accesses: (_, call) => [anywhere('iam:ListAccountAliases', call)],
      run: () => ({ AccountAliases: [], IsTruncated: false }),
    },
  };
}

function keys(directory: IamDirectory): Record<string, Operation> {
  const named = namedUser(directory);
  return {
    CreateAccessKey: named('iam:CreateAccessKey', (user) => {
      const key = directory.addKey(user);
      return {
        AccessKey: {
          UserName: user.name,
          AccessKeyId: key.id,
          Status: key.status,
          SecretAccessKey: key.secret,
          CreateDate: key.createdAt,
        },
      };
    }),
    ListAccessKeys: named('iam:ListAccessKeys', (user, input: PageInput) =>
      page(
        'AccessKeyMetadata',
        directory.listedKeys(user).map(({ id, status, createdAt }) => ({
          UserName: user.name,
          AccessKeyId: id,
          Status: status,
          CreateDate: createdAt,
        })),
        input,
      ),
    ),
    UpdateAccessKey: named(
      'iam:UpdateAccessKey',
      (user, input: { AccessKeyId: string; Status: StoredKey['status'] }) => {
        if (input.Status !== 'Active' && input.Status !== 'Inactive')
          throw new AwsError(
            'ValidationError',
            `Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]`,
          );
        keyOf(user, input.AccessKeyId).status = input.Status;
      },
    ),
    DeleteAccessKey: named('iam:DeleteAccessKey', (user, input: { AccessKeyId: string }) =>
      directory.removeKey(user, keyOf(user, input.AccessKeyId)),
    ),
    GetAccessKeyLastUsed: {
      accesses: (input: { AccessKeyId: string }, call) => {
        const owner = directory.ownerOfKey(input.AccessKeyId)?.user;
        return [
          {
            action: 'iam:GetAccessKeyLastUsed',
            resource: owner ? userArn(owner) : `arn:aws:iam::${call.principal.accountId}:user/*`,
            resourceAccountId: owner?.accountId ?? call.principal.accountId,
            context: tagContext(owner),
          },
        ];
      },
      run: (input: { AccessKeyId: string }) => {
        const owned = directory.ownerOfKey(input.AccessKeyId);
        if (!owned)
          throw new AwsError(
            'AccessDenied',
            `User is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key ${input.AccessKeyId}`,
            403,
          );
        const use = directory.noticedUse(owned.key.uses);
        return {
          UserName: owned.user.name,
          AccessKeyLastUsed: use
            ? { LastUsedDate: use.at, ServiceName: use.service, Region: use.region }
            : { ServiceName: 'N/A', Region: 'N/A' },
        };
      },
    },
  };
}

function userPolicies(directory: IamDirectory): Record<string, Operation> {
  const named = namedUser(directory);
  return {
    PutUserPolicy: named('iam:PutUserPolicy', (user, input: { PolicyName: string; PolicyDocument: string }) => {
      user.policies.set(input.PolicyName, checkedPolicy(input.PolicyDocument));
      directory.policyRevision++;
    }),
    DeleteUserPolicy: named('iam:DeleteUserPolicy', (user, input: { PolicyName: string }) => {
      if (!user.policies.delete(input.PolicyName))
        throw new AwsError('NoSuchEntity', `The user policy with name ${input.PolicyName} cannot be found.`, 404);
      directory.policyRevision++;
    }),
    GetUserPolicy: named('iam:GetUserPolicy', (user, input: { PolicyName: string }) => {
      const document = user.policies.get(input.PolicyName);
      if (document === undefined)
        throw new AwsError('NoSuchEntity', `The user policy with name ${input.PolicyName} cannot be found.`, 404);
      return { UserName: user.name, PolicyName: input.PolicyName, PolicyDocument: encodeURIComponent(document) };
    }),
    ListUserPolicies: named('iam:ListUserPolicies', (user, input: PageInput) =>
      page('PolicyNames', [...user.policies.keys()], input),
    ),
    ListAttachedUserPolicies: named('iam:ListAttachedUserPolicies', () => ({
      AttachedPolicies: [],
      IsTruncated: false,
    })),
  };
}

function userTags(directory: IamDirectory): Record<string, Operation> {
  const named = namedUser(directory);
  return {
    TagUser: named('iam:TagUser', (user, input: { Tags: { Key: string; Value: string }[] }) => {
      for (const { Key, Value } of input.Tags) user.tags.set(Key, Value);
    }),
    UntagUser: named('iam:UntagUser', (user, input: { TagKeys: string[] }) => {
      for (const key of input.TagKeys) user.tags.delete(key);
    }),
    ListUserTags: named('iam:ListUserTags', (user, input: PageInput) => page('Tags', toTags(user.tags), input)),
  };
}

function roles(directory: IamDirectory): Record<string, Operation> {
  const named = (action: string, run: (role: StoredRole, input: any) => unknown): Operation => {
    const find = (input: { RoleName: string }, call: Call): StoredRole | undefined =>
      directory.roles(call.principal.accountId).find(({ name }) => name.toLowerCase() === input.RoleName.toLowerCase());
    return {
      accesses: (input, call) => [
        {
          action,
          resource: find(input, call)?.arn ?? `arn:aws:iam::${call.principal.accountId}:role/${input.RoleName}`,
          resourceAccountId: call.principal.accountId,
        },
      ],
      run: (input, call) => {
        const role = find(input, call);
        if (!role) throw new AwsError('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`, 404);
        return run(role, input);
      },
    };
  };
  return {
    GetRole: named('iam:GetRole', (role) => ({ Role: toRole(role) })),
    ListRoles: {
      accesses: (_, call) => [anywhere('iam:ListRoles', call)],
      run: (input: PageInput, call) => page('Roles', directory.roles(call.principal.accountId).map(toRole), input),
    },
    ListRolePolicies: named('iam:ListRolePolicies', (role, input: PageInput) =>
      page('PolicyNames', Object.keys(role.inlinePolicies), input),
    ),
    ListAttachedRolePolicies: named('iam:ListAttachedRolePolicies', (role, input: PageInput) =>
      page(
        'AttachedPolicies',
        Object.keys(role.managedPolicies ?? {}).map((name) => ({
          PolicyName: name,
          PolicyArn: `arn:aws:iam::${role.accountId}:policy/${name}`,
        })),
        input,
      ),
    ),
    GetRolePolicy: named('iam:GetRolePolicy', (role, input: { PolicyName: string }) => {
      const document = role.inlinePolicies[input.PolicyName];
      if (document === undefined)
        throw new AwsError('NoSuchEntity', `The role policy with name ${input.PolicyName} cannot be found.`, 404);
      return { RoleName: role.name, PolicyName: input.PolicyName, PolicyDocument: encodeURIComponent(document) };
    }),
  };
}

/** An operation on one user; without a name it means the caller, as IAM has it. */
function namedUser(directory: IamDirectory) {
  return (action: string, run: (user: StoredUser, input: any) => unknown): Operation => ({
    accesses: (input: UserInput, call) => [onUser(directory, action, input, call)],
    run: (input: UserInput, call) =>
      run(directory.user(call.principal.accountId, input.UserName ?? call.principal.userName ?? ''), input),
  });
}

/** ARNs are case-sensitive though names are not: what is asked for is authorized under the user's own spelling. */
function onUser(directory: IamDirectory, action: string, input: UserInput, call: Call): Access {
  const { accountId } = call.principal;
  const name = input.UserName ?? call.principal.userName ?? '';
  const user = directory.users(accountId).find((other) => other.name.toLowerCase() === name.toLowerCase());
  return {
    action,
    resource: userArn(user ?? { accountId, path: '/', name }),
    resourceAccountId: accountId,
    context: tagContext(user),
  };
}

const tagContext = (user: StoredUser | undefined): Record<string, string> =>
  Object.fromEntries(
    [...(user?.tags ?? [])].flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`iam:ResourceTag/${key}`, value],
    ]),
  );

function keyOf(user: StoredUser, keyId: string): StoredKey {
  const key = user.keys.find(({ id }) => id === keyId);
  if (!key) throw new AwsError('NoSuchEntity', `The Access Key with id ${keyId} cannot be found.`, 404);
  return key;
}

function page<Name extends string, T>(name: Name, all: readonly T[], { Marker, MaxItems = 100 }: PageInput) {
  const start = Number(Marker ?? 0);
  const end = start + MaxItems;
  return {
    [name]: all.slice(start, end),
    IsTruncated: end < all.length,
    Marker: end < all.length ? String(end) : undefined,
  };
}

const anywhere = (action: string, call: Call): Access => ({
  action,
  resource: '*',
  resourceAccountId: call.principal.accountId,
});
const toTags = (tags: ReadonlyMap<string, string>) => [...tags].map(([Key, Value]) => ({ Key, Value }));
const toUser = (user: StoredUser) => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: userArn(user),
  CreateDate: user.createdAt,
  Tags: toTags(user.tags),
});
const toRole = (role: StoredRole) => ({
  Path: role.path ?? '/',
  RoleName: role.name,
  RoleId: role.id,
  Arn: role.arn,
  CreateDate: role.createdAt,
  AssumeRolePolicyDocument: encodeURIComponent(role.trustPolicy),
  MaxSessionDuration: role.maxSessionSeconds ?? 3600,
});

function checkedName(name: string): string {
  if (!/^[\w+=,.@-]{1,64}$/.test(name))
    throw new AwsError(
      'ValidationError',
      'The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    );
  return name;
}

function checkedPolicy(document: string): string {
  try {
    JSON.parse(document);
    return document;
  } catch {
    throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
  }
}
