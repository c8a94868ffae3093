using System.Net.Sockets;
using System.Text.Json;

namespace Prefork.Tool.Control;

/// <summary>A command's word with an application.</summary>
internal static class ControlClient
{
    /// <summary>A status with a hundred endings and their last lines is a long one.</summary>
    private const int LongestReply = 16 * 1024 * 1024;

    /// <summary>More than the five seconds that the application may have to wait for others who do not speak.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(8);

    /// <param name="name">Which application; null when there is only one.</param>
    /// <exception cref="CommandException">There is none such, or several.</exception>
    internal static string Resolve(string? name)
    {
        var folder = RuntimeFolder.Open();
        var living = ControlSocket.Living(folder);
        if (name is not null)
        {
            return living.Contains(ControlSocket.Check(name)) ? ControlSocket.PathOf(folder, name)
                : throw new CommandException(ExitCodes.NotRunning, $"no application named {name} runs{(living.Count > 0 ? $"; there is {string.Join(", ", living)}" : "")}.");
        }

        return living.Count == 1 ? ControlSocket.PathOf(folder, living[0])
            : throw new CommandException(ExitCodes.NotRunning, living.Count == 0 ? "no application runs." : $"which one? There is {string.Join(", ", living)}.");
    }

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
                var reply = JsonSerializer.Deserialize(line.Span, ControlJson.Default.ControlReply);
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
        => (await AskAsync(path, new ControlRequest("status"), static _ => { }, s_patience, cancellation)).Status
            ?? throw new CommandException(ExitCodes.Failed, "the application does not say how it is.");
}
