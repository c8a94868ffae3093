using System.Net.Sockets;
using System.Text.Json;
using Prefork.Tool.Memory;

namespace Prefork.Tool.Control;

/// <summary>A command's word with an application.</summary>
internal static class ControlClient
{
    /// <summary>A status with a hundred endings and their last lines is a long one.</summary>
    private const int LongestReply = 16 * 1024 * 1024;

    /// <summary>More than the five seconds that the application may have to wait for others who do not speak.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(8);

    /// <param name="name">Which application; null when there is only one. For root also <c>USER/NAME</c>.</param>
    /// <returns>The path of its socket.</returns>
    /// <exception cref="CommandException">There is none such, or several.</exception>
    internal static string Resolve(string? name)
    {
        var own = Own();
        var others = OtherUsers.Applications();
        if (name is null)
        {
            return own.Count == 1 ? own[0].Socket
                : throw new CommandException(ExitCodes.NotRunning, own.Count + others.Count == 0 ? "no application runs." : $"which one? There is {Names(own, others)}.");
        }

        if (name.Split('/') is [var user, var theirs] && Native.EffectiveUserId == 0)
        {
            return others.Where(other => other.User == user && other.Name == theirs).Select(static other => other.Socket).ToList() is [var named] ? named
                : throw new CommandException(ExitCodes.NotRunning, $"no application {name} runs{(own.Count + others.Count > 0 ? $"; there is {Names(own, others)}" : "")}.");
        }

        ControlSocket.Check(name);

        // Another user's is never meant by chance: his name says so.
        return own.FirstOrDefault(one => one.Name == name).Socket
            ?? throw new CommandException(ExitCodes.NotRunning, $"no application named {name} runs{(own.Count + others.Count > 0 ? $"; there is {Names(own, others)}" : "")}.{Remembered(name)}");
    }

    /// <summary>This user's applications that run.</summary>
    internal static IReadOnlyList<(string Name, string Socket)> Own()
        => [.. ControlFolder.All().SelectMany(static folder => ControlSocket.Living(folder).Select(name => (name, ControlSocket.PathOf(folder, name)))).OrderBy(static one => one.name, StringComparer.Ordinal)];

    private static string Names(IReadOnlyList<(string Name, string Socket)> own, IReadOnlyList<(string User, string Name, string Socket)> others)
        => string.Join(", ", own.Select(static one => one.Name).Concat(others.Select(static other => $"{other.User}/{other.Name}")));

    private static string Remembered(string name)
        => ApplicationMemory.Find(name) is { } application ? $" {ApplicationMemory.Tell(application, ApplicationMemory.EndOf(application))}" : "";

    /// <summary>Asks, tells of events as they come, and returns the answer.</summary>
    /// <param name="path">The application's socket.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="onEvent">Hears of events.</param>
    /// <param name="timeout">How long the answer may take; null for as long as the application lives.</param>
    /// <param name="cancellation">Ends the wait; what was begun goes on.</param>
    /// <exception cref="CommandException">It does not answer.</exception>
    internal static async Task<ControlReply> AskAsync(string path, ControlRequest request, Action<ControlReply> onEvent, TimeSpan? timeout, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout is { } time)
        {
            deadline.CancelAfter(time);
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), deadline.Token);
            await socket.SendAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest), (byte)'\n'], deadline.Token);
            var reader = new LineReader(socket, LongestReply);
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

    internal static async Task<ApplicationStatus> StatusAsync(string path, CancellationToken cancellation)
        => (await AskAsync(path, new ControlRequest("status"), static _ => { }, s_patience, cancellation)).Status is { } status && IsWhole(status) ? status
            : throw new CommandException(ExitCodes.Failed, "the application does not say how it is.");

    /// <summary>Whoever speaks for an application may leave out anything.</summary>
    internal static bool IsWhole(ApplicationStatus status)
        => status is { Name: not null, Cluster: { Program: not null, Workers: { } workers, Endings: { } endings } }
            && workers.All(static worker => worker is { Listeners: not null }) && endings.All(static ending => ending is not null)
            && status.Configuration is null or { File: not null, Changes: not null };
}
