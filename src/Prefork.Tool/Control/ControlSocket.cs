using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Prefork.Tool.Control;

/// <summary>
/// An application's name and what stands for it in the <see cref="ControlFolder"/>: a socket to speak to it, and a lock that it holds as long as it lives.
/// The kernel lets go of the lock with the process, however that ends; a socket whose lock is free is a dead one's, and the next owner's to remove.
/// Whoever only looks takes nothing and removes nothing: he would be in the way of one who is just starting.
/// </summary>
internal sealed partial class ControlSocket : IDisposable
{
    /// <summary>unix(7): 108, with a NUL at the end.</summary>
    private const int LongestPath = 107;

    private SafeFileHandle _lock;
    private FileIdentity? _listening;

    private ControlSocket(string name, string path, SafeFileHandle held)
    {
        Name = name;
        Path = path;
        _lock = held;
    }

    internal string Name { get; }

    internal string Path { get; }

    /// <summary>Takes the name; null when somebody has it.</summary>
    /// <exception cref="CommandException">The folder is not one in which it can be had.</exception>
    internal static ControlSocket? TryTake(string folder, string name)
    {
        var path = PathOf(folder, name);
        while (true)
        {
            SafeFileHandle? file = null;
            try
            {
                file = Native.Open(LockOf(path), create: true)!;
                if (!Native.TryLock(file))
                {
                    return null;
                }

                // An owner that leaves deletes the file, maybe just after we had opened it: then the lock is nobody's any more.
                if (Native.IsNamed(file))
                {
                    File.Delete(path);
                    var held = file;
                    file = null;
                    return new ControlSocket(name, path, held);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Unusable(LockOf(path), exception.Message);
            }
            finally
            {
                file?.Dispose();
            }
        }
    }

    /// <summary>Whether somebody has the name.</summary>
    internal static bool IsTaken(string folder, string name)
    {
        var path = LockOf(PathOf(folder, name));
        try
        {
            using var file = Native.Open(path, create: false);
            return file is not null && Native.IsLocked(file);
        }
        catch (IOException exception)
        {
            throw Unusable(path, exception.Message);
        }
    }

    /// <summary>Whether somebody has the name in one of the folders that there are.</summary>
    internal static bool IsTakenAnywhere(string name) => ControlFolder.All().Any(folder => IsTaken(folder, name));

    /// <summary>Names that live.</summary>
    internal static IReadOnlyList<string> Living(string folder)
        => [.. Directory.GetFiles(folder, "*.sock").Order(StringComparer.Ordinal).Select(static path => System.IO.Path.GetFileNameWithoutExtension(path)).Where(name => IsTaken(folder, name))];

    /// <exception cref="CommandException">It is too long.</exception>
    internal static string PathOf(string folder, string name)
    {
        var path = System.IO.Path.Combine(folder, $"{name}.sock");
        var length = Encoding.UTF8.GetByteCount(path);
        return length <= LongestPath ? path
            : throw new CommandException(ExitCodes.Failed, $"{path} is too long for a socket: {length} bytes, and {LongestPath} are the most. Set {ControlFolder.Variable} to a shorter folder, or give a shorter --name.");
    }

    /// <exception cref="CommandException">It cannot be one.</exception>
    internal static string Check(string name) => IsName(name) ? name : throw new CommandException(ExitCodes.Usage, NoName(name));

    internal static bool IsName(string name) => NamePattern().IsMatch(name);

    internal static string NoName(string name) => $"'{name}' cannot be a name: letters, digits, '.', '_' and '-', up to 64 of them, and not '.' first.";

    /// <exception cref="CommandException">There is no room for it, say.</exception>
    internal Socket Listen()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // It is seen when it listens, and not before: in between, whoever waits for it to be there would be refused.
            var unseen = System.IO.Path.ChangeExtension(Path, ".new");
            File.Delete(unseen);
            socket.Bind(new UnixDomainSocketEndPoint(unseen));
            File.SetUnixFileMode(unseen, RuntimeFolder.PrivateFile);
            socket.Listen(16);
            File.Move(unseen, Path, overwrite: true);
            _listening = Native.IdentityOf(Path);
            return socket;
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();

            // .NET has no name for ENOSPC here.
            throw Unusable(Path, $"no socket can be made there ({exception.Message}); is the disk full?");
        }
    }

    /// <summary>
    /// Whether what others find by the name is still this application's. Others can remove what lies in the folder, or all of it: a clean-up, a log-out.
    /// What is missing is made again; a socket that must be listened on anew is returned, and is the caller's.
    /// </summary>
    /// <exception cref="CommandException">It cannot be made again, or another has taken the name meanwhile.</exception>
    internal Socket? Restore()
    {
        var folder = System.IO.Path.GetDirectoryName(Path)!;
        RuntimeFolder.OpenPrivate(folder, ControlFolder.Variable);

        if (Native.IdentityOf(LockOf(Path)) != Native.IdentityOf(_lock))
        {
            using var other = TryTake(folder, Name) ?? throw new CommandException(ExitCodes.Busy, $"{LockOf(Path)} was removed, and another application has taken the name {Name} since. Commands reach that one. Stop this one (pid {Environment.ProcessId}) with SIGTERM.");
            (_lock, other._lock) = (other._lock, _lock);
        }

        return _listening is { } mine && Native.IdentityOf(Path) == mine ? null : Listen();
    }

    /// <summary>
    /// The socket first, the lock last: while it is held nobody else binds the one or makes the other. If the lock is not the one of that name any more, what
    /// lies there is another's.
    /// </summary>
    public void Dispose()
    {
        try
        {
            if (!_lock.IsClosed && Native.IdentityOf(LockOf(Path)) == Native.IdentityOf(_lock))
            {
                File.Delete(Path);
                File.Delete(LockOf(Path));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The folder has gone with the user's last session, say. What is left without the lock is a dead one's.
        }

        _lock.Dispose();
    }

    private static string LockOf(string path) => System.IO.Path.ChangeExtension(path, ".lock");

    private static CommandException Unusable(string path, string why)
        => new(ExitCodes.Failed, $"{path} cannot be used: {why}{(why.EndsWith('?') ? "" : ".")} Commands reach an application by files there: see to it that they can be read and written, or set {ControlFolder.Variable} to another folder.");

    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex NamePattern();
}
