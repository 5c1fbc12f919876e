/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */
