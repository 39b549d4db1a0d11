require('./run').run('app');
