using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Prefork.Tool.Control;

/// <summary>
/// An application's name and what stands for it in the runtime folder: a socket to speak to it, and a lock that it holds as long as it lives.
/// The kernel lets go of the lock with the process, however that ends; a socket whose lock is free is a dead one's.
/// </summary>
internal sealed partial class ControlSocket : IDisposable
{
    private readonly FileStream _lock;

    private ControlSocket(string name, string path, FileStream held)
    {
        Name = name;
        Path = path;
        _lock = held;
    }

    internal string Name { get; }

    internal string Path { get; }

    /// <summary>Takes the name; null when somebody has it.</summary>
    internal static ControlSocket? TryTake(string folder, string name)
    {
        var path = PathOf(folder, name);
        FileStream held;
        try
        {
            // flock(2): of this open file, and so of this process alone.
            held = new FileStream(System.IO.Path.ChangeExtension(path, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }

        File.Delete(path);
        return new ControlSocket(name, path, held);
    }

    /// <summary>Names that live; what the dead have left is removed.</summary>
    internal static IReadOnlyList<string> Living(string folder)
    {
        var names = new List<string>();
        foreach (var path in Directory.GetFiles(folder, "*.sock").Order(StringComparer.Ordinal))
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(path);
            using var mine = TryTake(folder, name);
            if (mine is null)
            {
                names.Add(name);
            }
        }

        return names;
    }

    internal static string PathOf(string folder, string name) => System.IO.Path.Combine(folder, $"{name}.sock");

    /// <exception cref="CommandException">It cannot be one.</exception>
    internal static string Check(string name) => IsName(name) ? name : throw new CommandException(ExitCodes.Usage, NoName(name));

    internal static bool IsName(string name) => NamePattern().IsMatch(name);

    internal static string NoName(string name) => $"'{name}' cannot be a name: letters, digits, '.', '_' and '-', up to 64 of them, and not '.' first.";

    internal Socket Listen()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // It is seen when it listens, and not before: in between, whoever waits for it to be there would be refused.
            var unseen = System.IO.Path.ChangeExtension(Path, ".new");
            File.Delete(unseen);
            socket.Bind(new UnixDomainSocketEndPoint(unseen));
            socket.Listen(16);
            File.Move(unseen, Path, overwrite: true);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The socket first: while the lock is held nobody else binds it.</summary>
    public void Dispose()
    {
        File.Delete(Path);
        File.Delete(_lock.Name);
        _lock.Dispose();
    }

    [GeneratedRegex("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")]
    private static partial Regex NamePattern();
}
