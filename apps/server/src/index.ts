/** The server as a library: start it, back it up, restore it, invite people. The executable is `hawser serve`. */
export type { BlobLimits, LogLevel, ServerLimits, ServerOptions, TlsOptions } from "./config/server-options.ts";
export { backup, type BackupSummary } from "./ops/backup.ts";
export { type LanCertificate, loadOrCreateCertificate } from "./ops/certificate.ts";
export { ROLE_NAMES, type RoleName } from "./ops/data-dir.ts";
export { createInvitation } from "./ops/invitations.ts";
export { lanAddresses } from "./ops/lan.ts";
export { dataFiles, restore } from "./ops/restore.ts";
export type { RoleState } from "./ops/role.ts";
export { type RunningServer, startServer } from "./server.ts";
export { MAX_LINK_NODES } from "@hawser/wire";
export type { CodeSender, InvitationOptions, RegistrationMode, RequestLimits } from "@hawser/relay";
