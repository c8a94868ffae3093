using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text.Json.Serialization.Metadata;
using Prefork.Messages;
using Prefork.Primary;

namespace Prefork;

/// <remarks>
/// What a primary does. In a worker these members throw <see cref="InvalidOperationException"/>; on systems other than Linux
/// <see cref="PlatformNotSupportedException"/>. Events come one at a time, in order, on a thread of the cluster's own; a handler that throws
/// ends the process, as any unhandled exception does.
/// </remarks>
public static partial class Cluster
{
    private static readonly PrimaryEvents s_events = new();

    /// <summary>A worker has been forked. Node's <c>fork</c>.</summary>
    public static event EventHandler<WorkerEventArgs>? Forked
    {
        add => s_events.Forked += value;
        remove => s_events.Forked -= value;
    }

    /// <summary>A worker's code runs. Node's <c>online</c>.</summary>
    public static event EventHandler<WorkerEventArgs>? Online
    {
        add => s_events.Online += value;
        remove => s_events.Online -= value;
    }

    /// <summary>A listener of a worker's is open. Node's <c>listening</c>.</summary>
    public static event EventHandler<WorkerListeningEventArgs>? Listening
    {
        add => s_events.Listening += value;
        remove => s_events.Listening -= value;
    }

    /// <summary>
    /// A worker asked to listen, and could not. It hears so itself, before or after, and may go on without. One that asks again and again is said once, and with its number
    /// when it has not for five seconds. Node has no such event.
    /// </summary>
    public static event EventHandler<WorkerListenFailedEventArgs>? ListenFailed
    {
        add => s_events.ListenFailed += value;
        remove => s_events.ListenFailed -= value;
    }

    /// <summary>A worker may be given traffic (<see cref="ClusterWorker.SetReady"/>). Node has no such event.</summary>
    public static event EventHandler<WorkerEventArgs>? Ready
    {
        add => s_events.Ready += value;
        remove => s_events.Ready -= value;
    }

    /// <summary>A message of a worker's; raised before the worker's own event. Node's <c>message</c>.</summary>
    public static event EventHandler<WorkerMessageEventArgs>? MessageReceived
    {
        add
        {
            s_events.AddMessageListener(value);
            foreach (var worker in s_primary.IsValueCreated ? s_primary.Value.Workers.Values : [])
            {
                worker.DeliverKept();
            }
        }

        remove => s_events.RemoveMessageListener(value);
    }

    /// <summary>A worker's channel is closed; always once, and before <see cref="Exited"/>. Node's <c>disconnect</c>.</summary>
    public static event EventHandler<WorkerEventArgs>? Disconnected
    {
        add => s_events.Disconnected += value;
        remove => s_events.Disconnected -= value;
    }

    /// <summary>A worker's process has ended. Node's <c>exit</c>.</summary>
    public static event EventHandler<WorkerExitedEventArgs>? Exited
    {
        add => s_events.Exited += value;
        remove => s_events.Exited -= value;
    }

    /// <summary>The settings have been set, by <see cref="SetupPrimary"/> or implicitly by each fork. Node's <c>setup</c>.</summary>
    public static event EventHandler<ClusterSetUpEventArgs>? SetUp
    {
        add => s_events.SetUp += value;
        remove => s_events.SetUp -= value;
    }

    /// <summary>
    /// A worker could not be started, or broke the protocol and was cut off; or the primary itself is short of something.
    /// Nothing else stops because of it, and, unlike in Node, nothing happens if nobody listens.
    /// </summary>
    public static event EventHandler<WorkerErrorEventArgs>? Error
    {
        add => s_events.Error += value;
        remove => s_events.Error -= value;
    }

    /// <summary>The settings for the next fork. To change one, <see cref="SetupPrimary"/>.</summary>
    public static ClusterSettings Settings => ThePrimary.Settings;

    /// <summary>How connections are spread. Set it before the first fork.</summary>
    /// <remarks>Default: <see cref="SchedulingPolicy.FromEnvironment"/>.</remarks>
    /// <exception cref="InvalidOperationException">Set after the first fork; or the environment names no policy.</exception>
    public static SchedulingPolicy SchedulingPolicy
    {
        get => ThePrimary.Policy;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            ThePrimary.Policy = value;
        }
    }

    /// <summary>The workers by id: from the fork until both channel and process have ended. A snapshot.</summary>
    public static IReadOnlyDictionary<int, WorkerProcess> Workers => ThePrimary.Workers;

    /// <summary>For a supervisor: settings of its own, made once for a generation, and forks with them.</summary>
    internal static PrimaryRole Supervised => ThePrimary;

    private static PrimaryRole ThePrimary => s_primary.Value;

    /// <summary>
    /// Changes the settings for later forks. Each call starts from the ones before, fills in what is missing (this program, its arguments),
    /// and raises <see cref="SetUp"/>. Node's <c>setupPrimary()</c>.
    /// </summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public static void SetupPrimary(Action<ClusterSettings>? configure = null) => ThePrimary.SetUp(configure);

    /// <summary>Node's old name for <see cref="SetupPrimary"/>.</summary>
    public static void SetupMaster(Action<ClusterSettings>? configure = null) => SetupPrimary(configure);

    /// <summary>
    /// Starts a worker: a fresh process, by default this program again. Returns when the process runs; it is online later.
    /// </summary>
    /// <param name="environment">Variables added to this process's environment, over those of the settings; null as a value removes one.</param>
    /// <returns>
    /// The worker. A program that is missing or no program is reported as <see cref="Error"/>, and by <see cref="WorkerProcess.WaitForOnlineAsync"/>:
    /// such a worker has no process id, and disconnects without an exit.
    /// </returns>
    /// <exception cref="UnauthorizedAccessException">The settings ask for another user, and only root may change it.</exception>
    /// <exception cref="ArgumentException">A setting or variable is not valid.</exception>
    public static WorkerProcess Fork(IReadOnlyDictionary<string, string?>? environment = null) => ThePrimary.Fork(environment);

    /// <summary>
    /// Offers a socket of this process to all workers, which then may listen on it, or receive from it, by its number: <see cref="FileDescriptorEndPoint"/>, or Node's
    /// <c>listen({ fd })</c>. What this process has inherited, from a service manager for one, needs no offer; any other number is refused.
    /// </summary>
    /// <param name="socket">An unconnected stream socket, bound or listening, or a UDP socket. It stays the caller's, who keeps it open as long as workers may ask for it.</param>
    /// <returns>The end point, whose number is to be told to the workers.</returns>
    public static FileDescriptorEndPoint OfferSocket(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var number = (int)socket.SafeHandle.DangerousGetHandle();
        ThePrimary.Given.Add(number);
        return new FileDescriptorEndPoint(number);
    }

    /// <summary>
    /// Asks every worker to leave, and ends when the last one has exited. It waits as long as they take; for a deadline,
    /// cancel it and <see cref="WorkerProcess.Kill"/> those left. Node's <c>disconnect()</c>.
    /// </summary>
    public static Task DisconnectAsync(CancellationToken cancellationToken = default) => ThePrimary.DisconnectAsync().WaitAsync(cancellationToken);

    /// <summary>
    /// The last line of a primary: waits for Ctrl+C (SIGINT), SIGTERM or the token, then disconnects all workers. Those left after
    /// <see cref="ClusterSettings.ShutdownTimeout"/>, or at a second signal, are killed. Workers forked meanwhile are asked to leave at once.
    /// </summary>
    public static Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => ThePrimary.WaitForShutdownAsync(cancellationToken);

    /// <summary>Sends a message to every connected worker, by reflection; names in camel case.</summary>
    /// <inheritdoc cref="BroadcastAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public static Task BroadcastAsync<T>(T message, CancellationToken cancellationToken = default)
        => BroadcastAsync(message, Reflected.TypeInfo<T>(), cancellationToken);

    /// <summary>Sends a message to every connected worker. Ends when each has it in its channel; one that is gone by then is no error.</summary>
    /// <exception cref="System.Text.Json.JsonException">The message cannot be serialised; nobody got it.</exception>
    public static Task BroadcastAsync<T>(T message, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => Task.WhenAll(Workers.Values.Where(static worker => worker.IsConnected).Select(worker => SendAsync(worker, message, typeInfo, cancellationToken)));

    /// <summary>Answers workers' requests of that name, by reflection; names in camel case.</summary>
    /// <inheritdoc cref="OnRequest{TRequest, TReply}(string, Func{WorkerProcess, TRequest, CancellationToken, ValueTask{TReply}}, JsonTypeInfo{TRequest}, JsonTypeInfo{TReply})"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public static void OnRequest<TRequest, TReply>(string name, Func<WorkerProcess, TRequest?, CancellationToken, ValueTask<TReply>> handler)
        => OnRequest(name, handler, Reflected.TypeInfo<TRequest>(), Reflected.TypeInfo<TReply>());

    /// <summary>Answers workers' requests of that name (<see cref="ClusterWorker.RequestAsync{TRequest, TReply}(string, TRequest, TimeSpan?, CancellationToken)"/>). What the handler throws reaches whoever asked.</summary>
    /// <exception cref="InvalidOperationException">There is a handler of that name already.</exception>
    public static void OnRequest<TRequest, TReply>(
        string name,
        Func<WorkerProcess, TRequest?, CancellationToken, ValueTask<TReply>> handler,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType)
        => ThePrimary.RequestHandlers.Add(name, handler, requestType, replyType);

    private static async Task SendAsync<T>(WorkerProcess worker, T message, JsonTypeInfo<T> typeInfo, CancellationToken cancellation)
    {
        try
        {
            await worker.SendAsync(message, typeInfo, cancellation).ConfigureAwait(false);
        }
        catch (ClusterChannelClosedException)
        {
            // It left between the question and the message.
        }
    }
}
