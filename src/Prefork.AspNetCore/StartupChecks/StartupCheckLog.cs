using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>What was found, what it does, what to do. Anchors are those of the page; the event's number and name are stable.</summary>
internal static partial class StartupCheckLog
{
    private const string Page = "docs/one-becomes-many.md";

    [LoggerMessage(1, LogLevel.Warning, "Data Protection keeps its keys in the memory of each worker. What one worker encrypts (cookies, antiforgery tokens), no other worker can read, and nobody after a restart. Keep the keys where all workers find them: services.AddDataProtection().PersistKeysToFileSystem(...). See " + Page + "#data-protection-keys", EventName = "DataProtectionKeysNotShared")]
    internal static partial void KeysNotShared(ILogger logger);

    [LoggerMessage(2, LogLevel.Warning, "Data Protection names this application by its folder, {ContentRoot}. Workers of a release in another folder cannot read what these encrypt (cookies, antiforgery tokens). Give it a name: services.AddDataProtection().SetApplicationName(\"...\"). See " + Page + "#data-protection-name", EventName = "DataProtectionNameMoves")]
    internal static partial void NameMoves(ILogger logger, string contentRoot);

    [LoggerMessage(3, LogLevel.Warning, "Each of {Workers} workers runs the server garbage collector, which counts on the whole machine for one process, and nothing limits their heaps. Set ClusterSettings.ExpectedWorkers in the primary, or DOTNET_gcServer=0 or DOTNET_GCHeapHardLimit for the workers. See " + Page + "#garbage-collector", EventName = "ServerCollectorInEveryWorker")]
    internal static partial void ServerCollector(ILogger logger, int workers);

    [LoggerMessage(4, LogLevel.Warning, "Each of {Workers} workers may let its heap grow to {Limit} MiB, of {Memory} MiB that there are for all: together they may need more than there is, and the kernel ends one of them. Set ClusterSettings.ExpectedWorkers in the primary, or DOTNET_GCHeapHardLimit for the workers. See " + Page + "#garbage-collector", EventName = "HeapLimitsTogetherTooLarge")]
    internal static partial void HeapLimits(ILogger logger, int workers, long limit, long memory);

    [LoggerMessage(5, LogLevel.Warning, "Sessions are kept in the memory of each worker. A client's next request may go to another worker, which has no session of it. Use a distributed cache that is outside of the workers, such as Redis. See " + Page + "#sessions-and-distributed-caches", EventName = "SessionsInMemory")]
    internal static partial void SessionsInMemory(ILogger logger);

    [LoggerMessage(6, LogLevel.Warning, "The distributed cache is MemoryDistributedCache: each worker has its own, and does not see what others put into theirs. Use one that is outside of the workers, such as Redis. See " + Page + "#sessions-and-distributed-caches", EventName = "DistributedCacheInMemory")]
    internal static partial void CacheInMemory(ILogger logger);

    [LoggerMessage(7, LogLevel.Warning, "A SignalR hub is mapped ({Hub}). A client negotiates with one worker and may connect to another, which does not know it; and a hub reaches the clients of its own worker only. Let clients use WebSockets alone with SkipNegotiation, and add a backplane; or use the Azure SignalR Service, or one worker. See " + Page + "#signalr", EventName = "SignalRWithoutStickySessions")]
    internal static partial void SignalR(ILogger logger, string hub);

    [LoggerMessage(8, LogLevel.Warning, "A database in a file is used ({Database}). Several workers write to it at once: they wait for each other's locks, and fail when they wait too long, or when the engine is made for one process. Use write-ahead logging and a busy timeout, or a database server. See " + Page + "#sqlite", EventName = "EmbeddedDatabase")]
    internal static partial void EmbeddedDatabase(ILogger logger, string database);

    [LoggerMessage(9, LogLevel.Warning, "Several processes of this cluster have the same file open for writing: {Files}. They may overwrite each other's lines. Give each worker its own (put the worker's id into the name), or log to the standard output. See " + Page + "#log-files", EventName = "FilesSharedByWorkers")]
    internal static partial void SharedFiles(ILogger logger, string files);

    [LoggerMessage(10, LogLevel.Debug, "A start-up check failed. The application is not affected.", EventName = "CheckFailed")]
    internal static partial void CheckFailed(ILogger logger, Exception exception);

    [LoggerMessage(11, LogLevel.Debug, "Looked for what breaks when one process becomes many: {Count} found, of which this worker has said what no other had said before.", EventName = "Looked")]
    internal static partial void Looked(ILogger logger, int count);
}
