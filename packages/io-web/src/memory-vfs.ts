/**
 * A SQLite file system of `BlockFile`s. Journals are ordinary files here and die with the worker, which is right: what is
 * stored elsewhere is only ever taken between transactions.
 */
import { BlockFile } from "./block-file.ts";
import type { Sqlite3Static } from "./sqlite-module.ts";

/** The C structures behind a file system; the package's types leave out their `$` members. */
interface VfsStruct {
  $iVersion: number;
  $szOsFile: number;
  $mxPathname: number;
  $xRandomness: unknown;
  $xSleep: unknown;
  dispose(): void;
}
interface IoStruct {
  $iVersion: number;
  readonly pointer: unknown;
}

/** Registers the file system under `name`; returns its files by path. */
export function installMemoryVfs(sqlite: Sqlite3Static, name: string): Map<string, BlockFile> {
  const { capi, wasm } = sqlite;
  const files = new Map<string, BlockFile>();
  const open = new Map<number, { readonly path: string; readonly file: BlockFile; readonly temporary: boolean }>();
  const systemVfs = new capi.sqlite3_vfs(capi.sqlite3_vfs_find(null)) as unknown as VfsStruct;
  const heap = (): Uint8Array => wasm.heap8u();
  const at = (pointer: unknown): number => Number(pointer);
  let nextTemporary = 1;

  const ioMethods = {
    xClose: (pFile: unknown) => {
      const entry = open.get(at(pFile));
      open.delete(at(pFile));
      if (entry?.temporary) files.delete(entry.path);
      return capi.SQLITE_OK;
    },
    xRead: (pFile: unknown, pTarget: unknown, sizeBytes: number, offset: bigint) => {
      const target = heap().subarray(at(pTarget), at(pTarget) + sizeBytes);
      return open.get(at(pFile))!.file.read(target, Number(offset)) ? capi.SQLITE_OK : capi.SQLITE_IOERR_SHORT_READ;
    },
    xWrite: (pFile: unknown, pSource: unknown, sizeBytes: number, offset: bigint) => {
      const source = heap().subarray(at(pSource), at(pSource) + sizeBytes);
      return open.get(at(pFile))!.file.write(source, Number(offset)) ? capi.SQLITE_OK : capi.SQLITE_FULL;
    },
    xTruncate: (pFile: unknown, sizeBytes: bigint) => {
      open.get(at(pFile))!.file.truncate(Number(sizeBytes));
      return capi.SQLITE_OK;
    },
    xSync: () => capi.SQLITE_OK,
    xFileSize: (pFile: unknown, pSize: unknown) => {
      wasm.poke64(pSize as never, BigInt(open.get(at(pFile))!.file.sizeBytes));
      return capi.SQLITE_OK;
    },
    xLock: () => capi.SQLITE_OK,
    xUnlock: () => capi.SQLITE_OK,
    xCheckReservedLock: (_pFile: unknown, pOut: unknown) => {
      wasm.poke32(pOut as never, 0);
      return capi.SQLITE_OK;
    },
    xFileControl: () => capi.SQLITE_NOTFOUND,
    xSectorSize: () => 4_096,
    xDeviceCharacteristics: () => 0,
  };
  const vfsMethods = {
    xOpen: (_pVfs: unknown, pName: unknown, pFile: unknown, flags: number, pOutFlags: unknown) => {
      const temporary = at(pName) === 0;
      const path = temporary ? `temporary-${nextTemporary++}` : wasm.cstrToJs(pName as never)!;
      let file = files.get(path);
      if (file === undefined) {
        if ((flags & capi.SQLITE_OPEN_CREATE) === 0) return capi.SQLITE_CANTOPEN;
        files.set(path, (file = new BlockFile()));
      }
      open.set(at(pFile), { path, file, temporary: temporary || (flags & capi.SQLITE_OPEN_DELETEONCLOSE) !== 0 });
      const handle = new capi.sqlite3_file(pFile as never);
      (handle as unknown as { $pMethods: unknown }).$pMethods = io.pointer;
      handle.dispose();
      if (at(pOutFlags) !== 0) wasm.poke32(pOutFlags as never, flags);
      return capi.SQLITE_OK;
    },
    xDelete: (_pVfs: unknown, pName: unknown) => {
      files.delete(wasm.cstrToJs(pName as never)!);
      return capi.SQLITE_OK;
    },
    xAccess: (_pVfs: unknown, pName: unknown, _flags: number, pOut: unknown) => {
      wasm.poke32(pOut as never, files.has(wasm.cstrToJs(pName as never)!) ? 1 : 0);
      return capi.SQLITE_OK;
    },
    xFullPathname: (_pVfs: unknown, pName: unknown, sizeBytes: number, pOut: unknown) =>
      wasm.cstrncpy(pOut as never, pName as never, sizeBytes) < sizeBytes ? capi.SQLITE_OK : capi.SQLITE_CANTOPEN,
    xGetLastError: () => capi.SQLITE_OK,
    xCurrentTimeInt64: (_pVfs: unknown, pOut: unknown) => {
      const julianEpochMs = 210_866_760_000_000n;
      wasm.poke64(pOut as never, julianEpochMs + BigInt(Date.now()));
      return capi.SQLITE_OK;
    },
    xCurrentTime: (_pVfs: unknown, pOut: unknown) => {
      wasm.poke(pOut as never, 2_440_587.5 + Date.now() / 86_400_000, "double");
      return capi.SQLITE_OK;
    },
  };

  const io = new capi.sqlite3_io_methods() as unknown as IoStruct;
  const vfs = new capi.sqlite3_vfs() as unknown as VfsStruct;
  io.$iVersion = 1;
  vfs.$iVersion = 2;
  vfs.$szOsFile = (capi.sqlite3_file as unknown as { structInfo: { sizeof: number } }).structInfo.sizeof;
  vfs.$mxPathname = 512;
  vfs.$xRandomness = systemVfs.$xRandomness;
  vfs.$xSleep = systemVfs.$xSleep;
  systemVfs.dispose();
  sqlite.vfs.installVfs({ io: { struct: io, methods: ioMethods }, vfs: { struct: vfs, methods: vfsMethods, name } } as never);
  return files;
}
