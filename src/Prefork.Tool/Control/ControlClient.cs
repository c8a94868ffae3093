using System.Net.Sockets;
using System.Text.Json;
using Prefork.Tool.Memory;

namespace Prefork.Tool.Control;

/// <summary>A command's word with an application.</summary>
internal static class ControlClient
{
    /// <summary>A status with a hundred endings and their last lines is a long one.</summary>
    private const int LongestReply = 16 * 1024 * 1024;

    /// <summary>Without those lines it has at most 1,024 workers. Of another user's application, which may answer anything.</summary>
    private const int LongestBriefReply = 1024 * 1024;

    private const int MostWorkers = 2048;
    private const int MostEndings = 1000;
    private const int MostListeners = 1024;

    /// <summary>More than the five seconds that the application may have to wait for others who do not speak.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <param name="name">Which application; null when there is only one. For root also <c>USER/NAME</c>.</param>
    /// <exception cref="CommandException">There is none such, or several.</exception>
    internal static RunningApplication Resolve(string? name)
    {
        var own = Own();
        if (name is null)
        {
            return own.Count == 1 ? own[0]
                : throw new CommandException(ExitCodes.NotRunning, Names(own) is { Length: > 0 } names ? $"which one? There is {names}." : "no application runs.");
        }

        if (name.Split('/') is [var user, var theirs] && Native.EffectiveUserId == 0)
        {
            return OtherUsers.Find(user, theirs) switch
            {
                [var named] => named,
                [] => throw NotRunning($"no application {name} runs", own),
                var several => throw new CommandException(ExitCodes.NotRunning, $"{user} has several applications named {theirs}: {string.Join(", ", several.Select(static one => one.Socket))}. Ask as {user}, with the variable {ControlFolder.Variable} of the one that is meant."),
            };
        }

        ControlSocket.Check(name);

        // Another user's is never meant by chance: his name says so.
        return own.FirstOrDefault(one => one.Name == name) ?? throw NotRunning($"no application named {name} runs", own, Remembered(name));
    }

    /// <summary>This user's applications that run.</summary>
    internal static IReadOnlyList<RunningApplication> Own()
        => [.. ControlFolder.All().SelectMany(static folder => ControlSocket.Living(folder).Select(name => RunningApplication.OwnIn(folder, name))).OrderBy(static one => one.Name, StringComparer.Ordinal)];

    private static CommandException NotRunning(string what, IReadOnlyList<RunningApplication> own, string remembered = "")
        => new(ExitCodes.NotRunning, $"{what}{(Names(own) is { Length: > 0 } names ? $"; there is {names}" : "")}.{remembered}");

    private static string Names(IReadOnlyList<RunningApplication> own) => string.Join(", ", own.Concat(OtherUsers.Find()).Select(static one => one.FullName));

    private static string Remembered(string name)
        => ApplicationMemory.Find(name) is { } application ? $" {ApplicationMemory.Tell(application, ApplicationMemory.EndOf(application))}" : "";

    /// <summary>Asks, tells of events as they come, and returns the answer.</summary>
    /// <param name="application">Who is asked.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="onEvent">Hears of events.</param>
    /// <param name="timeout">How long the answer may take; null for as long as the application lives.</param>
    /// <param name="cancellation">Ends the wait; what was begun goes on.</param>
    /// <exception cref="CommandException">It does not answer.</exception>
    internal static async Task<ControlReply> AskAsync(RunningApplication application, ControlRequest request, Action<ControlReply> onEvent, TimeSpan? timeout, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout is { } time)
        {
            deadline.CancelAfter(time);
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(application.Socket), deadline.Token);
            if (SocketPeer.UserOf(socket) != application.Owner)
            {
                // A folder of his leads to whatever he likes.
                throw new CommandException(ExitCodes.Failed, $"{application.FullName} cannot be asked: another user's process answers there.");
            }

            await socket.SendAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest), (byte)'\n'], deadline.Token);
            var reader = new LineReader(socket, request.Brief ? LongestBriefReply : LongestReply);
            while (await reader.ReadAsync(deadline.Token) is { } line)
            {
                var reply = JsonSerializer.Deserialize(line.Span, ControlJson.Default.ControlReply)?.AsPlainText();
                if (reply is { ExitCode: not null })
                {
                    return reply;
                }

                if (reply is not null)
                {
                    onEvent(reply);

                    // It may have been what one waited for; more may have come with it.
                    deadline.Token.ThrowIfCancellationRequested();
                }
            }

            throw new CommandException(ExitCodes.Failed, "the application ended before it answered.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CommandException(ExitCodes.Failed, $"the application does not answer within {timeout?.TotalSeconds:0.#} s.");
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            throw new CommandException(ExitCodes.NotRunning, "the application does not listen: it has just begun, or just ended.");
        }
        catch (Exception exception) when (exception is SocketException or JsonException or InvalidDataException)
        {
            throw new CommandException(ExitCodes.Failed, $"the application cannot be asked: {exception.Message}");
        }
    }

    /// <summary>With its name and its user as they are, and not as it says.</summary>
    /// <param name="application">Who is asked.</param>
    /// <param name="brief">Without what workers that ended wrote.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="CommandException">It does not answer.</exception>
    internal static async Task<ApplicationStatus> StatusAsync(RunningApplication application, bool brief, CancellationToken cancellation)
        => (await AskAsync(application, new ControlRequest("status") { Brief = brief }, static _ => { }, Patience, cancellation)).Status is { } status && IsWhole(status)
            ? status with { Name = application.Name, User = application.User }
            : throw new CommandException(ExitCodes.Failed, "the application does not say how it is.");

    /// <summary>Whoever speaks for an application may leave out anything, or say more than there can be.</summary>
    internal static bool IsWhole(ApplicationStatus status)
        => status is { Name: not null, Cluster: { Program: not null, Workers: { Count: <= MostWorkers } workers, Endings: { Count: <= MostEndings } endings } }
            && workers.All(static worker => worker is { Listeners.Count: <= MostListeners }) && endings.All(static ending => ending is { Reason: not null, LastLines: not null })
            && status.Configuration is null or { File: not null, Changes: not null };
}
