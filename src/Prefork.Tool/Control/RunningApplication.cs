namespace Prefork.Tool.Control;

/// <summary>An application that has its name, and so runs.</summary>
/// <param name="Name">By its socket; it may call itself anything.</param>
/// <param name="Socket">The socket's path.</param>
/// <param name="Owner">The user that it runs as.</param>
/// <param name="User">For root: whose it is, if it is another user's.</param>
internal sealed record RunningApplication(string Name, string Socket, uint Owner, string? User)
{
    /// <summary>As commands take it.</summary>
    internal string FullName => User is null ? Name : $"{User}/{Name}";

    /// <summary>Where it logs, if it is in the background.</summary>
    internal string LogFolder => Path.Combine(Path.GetDirectoryName(Socket)!, Name);

    internal static RunningApplication OwnIn(string folder, string name) => new(name, ControlSocket.PathOf(folder, name), Native.EffectiveUserId, null);
}
