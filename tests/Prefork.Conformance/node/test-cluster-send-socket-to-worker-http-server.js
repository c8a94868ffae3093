'use strict';
require('./sockets')(__filename, 1, 1);
