#!/usr/bin/env node
require('./node-version').warnOfOldNode();
require('./run').run('access-keys');
