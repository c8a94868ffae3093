'use strict';
require('./listener')(__filename);
