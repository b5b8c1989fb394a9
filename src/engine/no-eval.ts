import { z } from 'zod';

// The page's content security policy forbids the code that zod would otherwise generate. Imported before any schema.
z.config({ jitless: true });
