import { AwsError, type Access, type Call, type Operation, type Service } from '../service';
import { page as pageOf } from '../services/pages';
import { policyProblem } from './policy-document';
import { checkTags, putTags, removeTags, requestTags, type Tag } from './tags';
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
    CreateUser: createUser(directory),
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
      run: (input: PageInput) => page('AccountAliases', [], input),
    },
  };
}

interface CreateUserInput {
  readonly UserName: string;
  readonly Path?: string;
  readonly Tags?: readonly Tag[];
}

/** Tags given at once need the permission to tag as well. */
function createUser(directory: IamDirectory): Operation<CreateUserInput> {
  return {
    accesses: ({ UserName: name, Path: path = '/', Tags }, { principal: { accountId } }) => {
      const access = (action: string): Access => ({
        action,
        resource: userArn({ accountId, path, name }),
        resourceAccountId: accountId,
        context: requestTags(Tags),
      });
      return [access('iam:CreateUser'), ...(Tags?.length ? [access('iam:TagUser')] : [])];
    },
    run: ({ UserName, Path, Tags = [] }, call) => {
      checkTags(Tags);
      const tags = Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
      return {
        User: toUser(directory.createUser(call.principal.accountId, { name: checkedName(UserName), path: Path, tags })),
      };
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
    GetAccessKeyLastUsed: lastUse(directory),
  };
}

/** Of a key of any account, whoever asks. */
function lastUse(directory: IamDirectory): Operation {
  return {
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
  };
}

function userPolicies(directory: IamDirectory): Record<string, Operation> {
  const named = namedUser(directory);
  return {
    PutUserPolicy: named('iam:PutUserPolicy', (user, input: { PolicyName: string; PolicyDocument: string }) => {
      const document = checkedPolicy(input.PolicyDocument);
      checkPolicySize(user, input.PolicyName, document);
      user.policies.set(input.PolicyName, document);
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
    ListAttachedUserPolicies: named('iam:ListAttachedUserPolicies', (_, input: PageInput) =>
      page('AttachedPolicies', [], input),
    ),
  };
}

function userTags(directory: IamDirectory): Record<string, Operation> {
  const named = namedUser(directory);
  return {
    TagUser: {
      accesses: (input: UserInput & { Tags: Tag[] }, call) => [
        onUser(directory, 'iam:TagUser', input, call, requestTags(input.Tags)),
      ],
      run: (input: UserInput & { Tags: Tag[] }, call) => putTags(userOf(directory, input, call).tags, input.Tags),
    },
    UntagUser: {
      accesses: (input: UserInput & { TagKeys: string[] }, call) => [
        onUser(directory, 'iam:UntagUser', input, call, { 'aws:TagKeys': input.TagKeys }),
      ],
      run: (input: UserInput & { TagKeys: string[] }, call) =>
        removeTags(userOf(directory, input, call).tags, input.TagKeys),
    },
    ListUserTags: named('iam:ListUserTags', (user, input: PageInput) => page('Tags', toTags(user.tags), input)),
  };
}

function roles(directory: IamDirectory): Record<string, Operation> {
  const named = namedRole(directory);
  return {
    GetRole: named('iam:GetRole', (role) => ({ Role: toRole(role) })),
    ListRoles: {
      accesses: (_, call) => [anywhere('iam:ListRoles', call)],
      run: (input: PageInput & { PathPrefix?: string }, call) =>
        page(
          'Roles',
          directory
            .roles(call.principal.accountId)
            .filter(({ path = '/' }) => path.startsWith(input.PathPrefix ?? '/'))
            .map(toRole),
          input,
        ),
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

function namedRole(directory: IamDirectory) {
  return (action: string, run: (role: StoredRole, input: any) => unknown): Operation => {
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
}

/** An operation on one user; without a name it means the caller, as IAM has it. */
function namedUser(directory: IamDirectory) {
  return (action: string, run: (user: StoredUser, input: any) => unknown): Operation => ({
    accesses: (input: UserInput, call) => [onUser(directory, action, input, call)],
    run: (input: UserInput, call) => run(userOf(directory, input, call), input),
  });
}

const userOf = (directory: IamDirectory, input: UserInput, call: Call): StoredUser =>
  directory.user(call.principal.accountId, nameOf(input, call));

/** @throws AwsError ValidationError when a caller that is no user means itself */
function nameOf({ UserName }: UserInput, { principal }: Call): string {
  const name = UserName ?? principal.userName;
  if (name === undefined)
    throw new AwsError('ValidationError', 'Must specify userName when calling with non-User credentials');
  return name;
}

/** ARNs are case-sensitive though names are not: what is asked for is authorized under the user's own spelling. */
function onUser(
  directory: IamDirectory,
  action: string,
  input: UserInput,
  call: Call,
  context: Access['context'] = {},
): Access {
  const { accountId } = call.principal;
  const name = nameOf(input, call);
  const user = directory.users(accountId).find((other) => other.name.toLowerCase() === name.toLowerCase());
  return {
    action,
    resource: userArn(user ?? { accountId, path: '/', name }),
    resourceAccountId: accountId,
    context: { ...tagContext(user), ...context },
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
  const { items, nextToken } = pageOf(all, MaxItems, Marker, () => new AwsError('ValidationError', 'Invalid Marker.'));
  return { [name]: items, IsTruncated: nextToken !== undefined, Marker: nextToken };
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
  ...(user.tags.size > 0 && { Tags: toTags(user.tags) }),
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
  const problem = policyProblem('identity', document);
  if (problem !== undefined) throw new AwsError('MalformedPolicyDocument', problem);
  return document;
}

/** Of all inline policies of a user, white space not counted. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const USER_POLICIES_MAX = 2_048;

function checkPolicySize(user: StoredUser, name: string, document: string): void {
  const others = [...user.policies].filter(([other]) => other !== name).map(([, text]) => text);
  const size = [document, ...others].join('').replace(/\s/g, '').length;
  if (size > USER_POLICIES_MAX)
    throw new AwsError(
      'LimitExceeded',
      `Maximum policy size of ${USER_POLICIES_MAX} bytes exceeded for user ${user.name}`,
      409,
    );
}
