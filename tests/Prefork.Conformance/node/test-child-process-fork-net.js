'use strict';
require('./sockets')(__filename, 3, 12);
