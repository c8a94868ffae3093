'use strict';
require('./sockets')(__filename, 12, 12);
